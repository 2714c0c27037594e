// SPDX-License-Identifier: Apache-2.0

import Planning
import Values

/// What is said of each finding: what is wrong, what kube-apiserver does then, the way out.
enum FindingWordings {
    typealias Wording = FindingText.Wording

    static let certificates: [FindingCode: Wording] = [
        .caUnreadable: .init(
            "the requestheader CA cannot be read as certificates: {cause}",
            "kube-apiserver does not start: data does not contain any valid RSA or ECDSA certificates",
            "write the CA's certificates there, in PEM, and nothing else"),
        .keyInCertificateFile: .init(
            "a private key is in a file of certificates",
            "kube-apiserver passes over it, and every program that may read the certificates may read the key",
            "remove the key from the file; if others may have read it, replace it"),
        .notACA: .init(
            "{subject} is trusted as requestheader CA and is no CA: it lacks CA:TRUE, or the key usage cert sign",
            "kube-apiserver and extension API servers answer 401 to what it has signed",
            "put the CA's own certificate there, or issue a CA with CA:TRUE and cert sign"),
        .caPurpose: .init(
            "the extended key usages of the requestheader CA {subject} do not include client auth",
            "every certificate below it is rejected with 401: the usages of a CA limit those of its certificates",
            "issue a CA without extended key usages (aggbootstrap rotate --ca)"),
        .caExpired: .init(
            "the requestheader CA {subject} expired at {notAfter}",
            "kube-apiserver starts; extension API servers answer 401 to every request that it passes on",
            "replace it: aggbootstrap rotate --ca"),
        .expiredCAKept: .init(
            "the requestheader CA {subject} expired at {notAfter} and is still in the file, beside a valid one",
            "kube-apiserver ignores it",
            "remove it from the file on every control plane"),
        .severalCAs: .init(
            "several requestheader CAs are trusted: {subjects}",
            "kube-apiserver accepts certificates of each of them; this is right during a rotation only",
            "finish the rotation (aggbootstrap rotate --ca); if none is under way, remove the CA that signs nothing"
        ),
        .sharedCA: .init(
            "the requestheader CA {subject} has the key of a client CA in {clientCA}",
            "anyone with a client certificate of that CA and an allowed name can act as any user; from 1.35 on kube-apiserver "
                + "does not start if the certificates are the same and no names are set",
            "use a separate requestheader CA: aggbootstrap rotate --ca"),
        .clientCAUnreadable: .init(
            "the client CA cannot be read as certificates: {cause}",
            "kube-apiserver does not start: unable to load client CA file",
            "write the client CA's certificates there, in PEM"),
        .certificateUnreadable: .init(
            "the proxy client certificate cannot be read: {cause}",
            "kube-apiserver does not start: it finds no certificate in the file",
            "write the certificate there again, in PEM"),
        .certificateOrder: .init(
            "the proxy client certificate {subject} is not the first one of its file",
            "kube-apiserver does not start: tls: private key does not match public key",
            "write the proxy client certificate first, and the CAs between it and the requestheader CA behind it"
        ),
        .chain: .init(
            "{subject} was not signed by a requestheader CA in {ca}: {cause}",
            "kube-apiserver starts; it and extension API servers answer 401 to requests with this certificate",
            "use a certificate of that CA, or the CA that issued it: {issuer}"),
        .purpose: .init(
            "the extended key usages of {subject} do not include client auth",
            "kube-apiserver starts; extension API servers answer 401: x509: certificate specifies an incompatible key usage",
            "issue the certificate with client auth"),
        .expired: .init(
            "the proxy client certificate {subject} expired at {notAfter}",
            "kube-apiserver says nothing; extension API servers answer 401 to every request that it passes on",
            "issue a new one: aggbootstrap init, or rotate"),
        .notYetValid: .init(
            "{subject} is not valid before {notBefore}",
            "extension API servers answer 401 until then",
            "check the clock of the machine that issued it, and of this one"),
        .endsSoon: .init(
            "{subject} ends at {notAfter}",
            "nothing until then; afterwards extension API servers answer 401",
            "renew it: aggbootstrap rotate --if-due; schedule install does that every day"),
        .outlivesCA: .init(
            "{subject} is valid until {notAfter}, and its CA ends at {caEnd}",
            "it is accepted, and is worthless from the end of the CA on",
            "plan for the CA's end: it is the one that counts"),
        .noAKI: .init(
            "{subject} does not say which key signed it (no authority key identifier)",
            "kube-apiserver accepts it; several other TLS libraries do not",
            "issue it again with an authority key identifier, as aggbootstrap does"),
        .weakKey: .init(
            "the key of {subject} is weak: {what}",
            "kube-apiserver accepts it today; newer versions of Go may not",
            "issue it again with RSA of 2048 bits or more, or with P-256"),
        .weakSignature: .init(
            "{subject} is signed with {what}",
            "extension API servers answer 401: Go refuses such a signature",
            "issue it again with SHA-256 or better"),
        .refusedByGo: .init(
            "{cause}",
            "kube-apiserver cannot read it, or extension API servers answer 401: Go refuses what OpenSSL takes",
            "issue it again"),
        .caAsClient: .init(
            "the proxy client certificate {subject} is a CA",
            "kube-apiserver accepts it, and anyone who reads its key can issue certificates for any user",
            "issue a certificate from that CA, and remove the CA's key from the node"),
        .keyUnreadable: .init(
            "the private key cannot be read: {cause}",
            "kube-apiserver does not start: it finds no key in the file",
            "write it as PKCS#8, PKCS#1 or SEC1 in PEM, not encrypted"),
        .keyEncrypted: .init(
            "the private key is encrypted", "kube-apiserver does not start: it reads no encrypted key",
            "decrypt it with `openssl pkey -in FILE -out NEW`, and keep it with mode 0600"),
        .keyMismatch: .init(
            "the private key is not that of {subject} in {certificate}",
            "kube-apiserver does not start: tls: private key does not match public key; a running one keeps the old pair",
            "install the certificate and the key that were made together"),
        .keyFileExtra: .init(
            "something else is in the file of the private key",
            "kube-apiserver takes the first key in it; other programs may refuse the file",
            "keep the key alone in its file"),
    ]

    /// The pair that cfssl makes with one subject for both.
    static let sameSubject = Wording(
        "{subject} and its CA have the same subject, and no authority key identifier tells them apart",
        "kube-apiserver accepts it; OpenSSL, NSS and others call it self-signed",
        "issue a CA with a subject of its own and a new certificate from it: aggbootstrap rotate --ca")

    static let files: [FindingCode: Wording] = [
        .missingFile: .init(
            "the file that --{flag} names is not there",
            "kube-apiserver does not start: no such file or directory",
            "put the file there, or correct the path"),
        .unreadable: .init(
            "the file cannot be read here: {cause}", "it was not judged",
            "run it as a user who may read the file, or correct what is there"),
        .byteOrderMark: .init(
            "the file begins with a byte order mark",
            "its first line is not read: a certificate, key or variable in it is missing",
            "save it as UTF-8 without a byte order mark"),
        .carriageReturn: .init(
            "lines end with a carriage return",
            "systemd takes them as ends of lines, and keeps them within quotes; shells and editors differ",
            "convert the file: sed -i 's/\\r$//' FILE"),
        .keyReadable: .init(
            "every user may read or change the private key (mode {mode})",
            "kube-apiserver does not mind; anyone who reads the key can act as any user of the cluster",
            "chmod 0600; if others may have read it: aggbootstrap rotate --compromised leaf"),
        .keyGroupReadable: .init(
            "a group may read or change the private key (mode {mode})",
            "kube-apiserver does not mind; anyone who reads the key can act as any user of the cluster",
            "chmod 0600, with the user that kube-apiserver runs as for its owner"),
        .caKeyReadable: .init(
            "other users may read the key of a CA (mode {mode})",
            "kube-apiserver does not read it; anyone who has it can issue a proxy client certificate, and act as any user",
            "chmod 0600, or better: keep it off the node; if others may have read it: aggbootstrap rotate --compromised ca"
        ),
        .otherCAKey: .init(
            "the key is of no CA in {ca}",
            "kube-apiserver does not read it; kubeadm certs renew and kubeadm upgrade apply fail with it",
            "remove it if nothing else uses it"),
        .writable: .init(
            "every user may change the file (mode {mode})",
            "any process of the node can change what kube-apiserver trusts or runs with",
            "chmod 0644, owned by root"),
        .directoryWritable: .init(
            "every user may create and replace files in the directory (mode {mode})",
            "any process of the node can replace what kube-apiserver reads there", "chmod 0755, owned by root"
        ),
        .owner: .init(
            "it belongs to user {owner}, who is neither root nor the user of the unit",
            "that user can change what kube-apiserver trusts or runs with",
            "chown it to root, or to the user that kube-apiserver runs as"),
        .symbolicLink: .init(
            "it is a symbolic link",
            "kube-apiserver reads through it, and does not notice when the link is changed",
            "use a real file in a real directory, replaced by rename"),
        .hiddenPath: .init(
            "kube-apiserver sees another {path} than the node's, because of {cause}",
            "kube-apiserver does not start, or reads other files than those judged here",
            "remove the path from that setting, or add it with BindReadOnlyPaths="),
        .notMounted: .init(
            "the container of kube-apiserver does not see {path} of the node",
            "kube-apiserver does not start: no such file or directory",
            "mount its directory in the container, under the same path"),
    ]
}
