// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Operations
@testable import PKI
@testable import Planning
@testable import Secrets
@testable import Spec
@testable import Values

/// The clean tree, and certificates with one fault each; made once.
final class Zoo: Sendable {
    let cluster: OfflineCluster
    var directory: TemporaryDirectory { cluster.directory }
    static let shared = Task { try await Zoo() }
    /// The moment at which the set-ups are judged: openssl(1) takes the time when a test comes to it for the beginning of a
    /// certificate, and on a busy machine that is minutes after this value is made.
    static let now = UnixTime(seconds: Int64(Date().timeIntervalSince1970) + lead)
    private static let lead: Int64 = 6 * 3600

    private static let unit = """
        [Unit]
        Description=Kubernetes API Server

        [Service]
        Type=notify
        ExecStart=/usr/bin/kube-apiserver \\
          --etcd-servers=http://127.0.0.1:2379 \\
          --service-cluster-ip-range=10.254.0.0/16 \\
          --client-ca-file=/etc/kubernetes/ssl/ca.pem \\
          --service-account-key-file=/etc/kubernetes/ssl/sa.pem \\
          --service-account-signing-key-file=/etc/kubernetes/ssl/sa-key.pem \\
          --service-account-issuer=https://kubernetes.default.svc
        Restart=on-failure

        """

    private init() async throws {
        cluster = try OfflineCluster()
        let cp1 = "out/cp1/etc"
        try cluster.directory.write(Self.unit, to: "\(cp1)/systemd/system/kube-apiserver.service")
        try await cluster.converge(at: Self.now.advanced(bySeconds: -Self.lead))
        try Self.shell(Self.script, in: cluster.directory.path)
        try Self.shell(
            "chmod -R go-w out; cp pki/clients.pem \(cp1)/kubernetes/ssl/ca.pem", in: directory.path)
        try issueOld()
    }

    func pem(_ name: String) throws -> String {
        try String(contentsOfFile: directory.file("pki/\(name)"), encoding: .utf8)
    }

    static func shell(_ line: String, in directory: String) throws {
        let result = try TestSupport.run("bash", ["-euc", line], currentDirectory: directory)
        try #require(result.status == 0, "\(line)\n\(result.stderr)")
    }

    /// Certificates of today, of openssl(1): one fault each.
    private static let script = """
        mkdir pki; cd pki
        ec="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        bc=basicConstraints=critical,CA:TRUE; ku=keyUsage=critical,keyCertSign,cRLSign; ski=subjectKeyIdentifier=hash
        ca() { # NAME SUBJECT DAYS EXTENSIONS...
          local name=$1 subject=$2 days=$3; shift 3
          { printf '[req]\\ndistinguished_name=dn\\n[dn]\\n[x]\\n'; printf '%s\\n' "$@"; } >$name.cnf
          openssl req -x509 $ec -config $name.cnf -extensions x -keyout $name.key -out $name.pem -subj "$subject" \\
            -days $days; }
        leaf() { # NAME CA SUBJECT DAYS KEY DIGEST EXTENSIONS...
          local name=$1 ca=$2 subject=$3 days=$4 key=$5 digest=$6; shift 6
          openssl req -new $key -nodes -keyout $name.key -out $name.csr -subj "$subject"
          printf '%s\\n' "$@" >$name.ext
          openssl x509 -req -in $name.csr -CA $ca.pem -CAkey $ca.key -set_serial ${serial:-7} -days $days -$digest \\
            -extfile $name.ext -out $name.pem; }
        p256="-newkey ec -pkeyopt ec_paramgen_curve:P-256"
        aki=authorityKeyIdentifier=keyid; client=extendedKeyUsage=clientAuth
        ca ca /CN=front-proxy-ca 3650 $bc $ku $ski
        ca other /CN=other-ca 3650 $bc $ku $ski
        ca same /CN=front-proxy-ca 3650 $bc $ku $ski
        ca clients /CN=kubernetes 3650 $bc $ku $ski
        ca server /CN=server-ca 3650 $bc $ku $ski extendedKeyUsage=serverAuth
        ca nosign /CN=nosign-ca 3650 $bc keyUsage=critical,digitalSignature $ski
        ca plain /CN=plain 3650 basicConstraints=critical,CA:FALSE $ski
        ca short /CN=short-ca 100 $bc $ku $ski
        ca brief /CN=brief-ca 10 $bc $ku $ski
        ca tutorial /CN=aggregator 3650 $bc $ku $ski
        for ca in ca other same server nosign plain tutorial; do
          leaf $ca-leaf $ca /CN=aggregator 90 "$p256" sha256 $client $aki; done
        leaf server-only ca /CN=aggregator 90 "$p256" sha256 extendedKeyUsage=serverAuth $aki
        leaf no-aki ca /CN=aggregator 90 "$p256" sha256 $client authorityKeyIdentifier=none
        leaf tutorial-pair tutorial /CN=aggregator 90 "$p256" sha256 extendedKeyUsage=serverAuth,clientAuth \\
          authorityKeyIdentifier=none basicConstraints=critical,CA:FALSE
        leaf rsa1024 ca /CN=aggregator 90 "-newkey rsa:1024" sha256 $client $aki
        leaf sha1 ca /CN=aggregator 90 "$p256" sha1 $client $aki
        serial=-5 leaf negative ca /CN=aggregator 90 "$p256" sha256 $client $aki
        leaf brief-leaf brief /CN=aggregator 9 "$p256" sha256 $client $aki
        leaf soon ca /CN=aggregator 20 "$p256" sha256 $client $aki
        leaf outlives short /CN=aggregator 200 "$p256" sha256 $client $aki
        leaf nameless ca / 90 "$p256" sha256 $client $aki
        openssl pkcs8 -topk8 -in ca-leaf.key -v2 aes-256-cbc -passout pass:secret -out encrypted.key
        openssl req -new -key ca.key -subj /CN=cross -out cross.csr
        openssl x509 -req -in cross.csr -CA clients.pem -CAkey clients.key -set_serial 9 -days 90 -out cross.pem
        """

    /// Certificates of another time, which openssl(1) of Debian 12 cannot make without a false clock.
    private func issueOld() throws {
        let day: Int64 = 86400
        for (name, caDays, leafDays, begin) in [
            ("expired", 3650, 30, -60 * day), ("ca-expired", 30, 30, -60 * day),
            ("early", 3650, 30, 20 * day),
        ] as [(String, Int64, Int64, Int64)] {
            let start = Self.now.advanced(bySeconds: begin)
            let key = try PrivateKey.generate(.ecdsa(bits: 256))
            let ca = try CertificateAuthority.issueCA(
                profile(.ca, "old-ca", caDays), key: key,
                validity: .init(
                    notBefore: Self.now.advanced(bySeconds: min(begin, -day)),
                    notAfter: start.advanced(bySeconds: caDays * day)), serial: .random())
            let leafKey = try PrivateKey.generate(.ecdsa(bits: 256))
            let leaf = try CertificateAuthority.issueLeaf(
                profile(.proxyClient, "aggregator", leafDays), key: leafKey, ca: ca, caKey: key,
                validity: .init(notBefore: start, notAfter: start.advanced(bySeconds: leafDays * day)),
                now: start, serial: .random())
            try directory.write(String(decoding: ca.pem, as: UTF8.self), to: "pki/\(name)-ca.pem")
            try directory.write(String(decoding: leaf.pem, as: UTF8.self), to: "pki/\(name).pem")
            let pem = leafKey.pem.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
            try directory.write(pem, to: "pki/\(name).key")
        }
    }

    private func profile(_ role: CertificateProfile.Role, _ name: String, _ days: Int64) -> CertificateProfile
    {
        CertificateProfile(
            role: role, commonName: name, names: SubjectNames(), hosts: [], usages: [.clientAuth],
            key: .ecdsa(bits: 256), validity: ValidityPeriod(seconds: days * 86400))
    }
}
