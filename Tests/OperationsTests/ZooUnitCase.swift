// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Planning

// Flags and units.
extension ZooCase {
    static let flags: [ZooCase] = [
        .init("no flag at all", .aggregationOff) { tree in
            try tree.remove(ZooTree.dropIn)
        },
        .init("no requestheader CA", .noRequestheaderCA) {
            try $0.without("requestheader-client-ca-file")
        },
        .init("no user header", .noUsernameHeaders) { try $0.without("requestheader-username-headers") },
        .init("no group header", .noGroupHeaders) { try $0.without("requestheader-group-headers") },
        .init("no extra headers", .noExtraHeaders) { try $0.without("requestheader-extra-headers-prefix") },
        .init("no allowed names", .anyName) { try $0.without("requestheader-allowed-names") },
        .init("empty allowed names", .anyName) { try $0.flag("allowed-names=aggregator", "allowed-names=") },
        .init("no proxy client", .noProxyClient) {
            try $0.without("proxy-client-cert-file", "proxy-client-key-file")
        },
        .init("a certificate without its key", .halfPair) { try $0.without("proxy-client-key-file") },
        .init("a key without its certificate", .halfPair) { try $0.without("proxy-client-cert-file") },
        .init("an empty flag", .emptyFlag) {
            try $0.flag("username-headers=X-Remote-User", "username-headers=")
        },
        .init("an empty file name", .emptyFlag) {
            try $0.flag("client-ca-file=\(ZooTree.ca)", "client-ca-file=")
        },
        .init("a flag twice", .doubledFlag) { try $0.add("--proxy_client_cert_file \(ZooTree.certificate)") },
        .init("a list in two places", .splitList) { tree in
            try tree.set("Environment=MORE=--requestheader-allowed-names=other")
            try tree.add("$MORE")
        },
        .init("a list twice", .splitList) { try $0.add("--requestheader-group-headers=X-Remote-Group") },
        .init("routing twice", .doubledFlag) {
            try $0.add("--enable-aggregator-routing=true --enable-aggregator-routing=false")
        },
        .init("the end of flags", .flagsTerminator) { try $0.add("--") },
        .init("redirects", .redirectsFollowed) {
            try $0.add("--aggregator-reject-forwarding-redirect=false")
        },
    ]

    static let values: [ZooCase] = [
        .init("a blank name", .blankValue) { try $0.flag("names=aggregator", "names=aggregator,") },
        .init("a blank header", .blankValue) {
            try $0.flag("group-headers=X-Remote-Group", "group-headers=,X-Remote-Group")
        },
        .init("a quote in a list", .badList) {
            try $0.flag("allowed-names=aggregator", "allowed-names=\\\"aggregator")
        },
        .init("routing that is neither", .badValue) { try $0.add("--enable-aggregator-routing=maybe") },
        .init("a header twice", .duplicateValue) {
            try $0.flag("=X-Remote-User", "=X-Remote-User,x-remote-user")
        },
        .init("another user header", .standardHeaderMissing) { try $0.flag("=X-Remote-User", "=X-User") },
        .init("a prefix without its dash", .standardHeaderMissing) {
            try $0.flag("=X-Remote-Extra-", "=X-Remote-Extra")
        },
        .init("one more user header", .customHeader) {
            try $0.flag("=X-Remote-User", "=X-Remote-User,X-User")
        },
        .init("one more user header of today", version: "1.27") {
            try $0.flag("=X-Remote-User", "=X-Remote-User,X-User")
        },
        .init("a header with a colon", .badHeader) {
            try $0.flag("=X-Remote-Group", "=X-Remote-Group,X-Group:")
        },
    ]

    static let versions: [ZooCase] = [
        .init("all flags of 1.20", version: "1.20") { _ in },
        .init("all flags of 1.36", version: "1.36") { _ in },
        .init("uid headers of the future", .unknownFlag, version: "1.31") {
            try $0.add("--requestheader-uid-headers=X-Remote-Uid")
        },
        .init("uid headers behind their gate", .featureGate, version: "1.32") {
            try $0.add("--requestheader-uid-headers=X-Remote-Uid")
        },
        .init("uid headers with their gate", version: "1.32") {
            try $0.add(
                "--feature-gates=A=false,RemoteRequestHeaderUID=true --requestheader-uid-headers=X-Remote-Uid"
            )
        },
        .init("uid headers of today", version: "1.33") {
            try $0.add("--requestheader-uid-headers=X-Remote-Uid")
        },
        .init("an insecure port", .unknownFlag, version: "1.24") { try $0.add("--insecure-port=0") },
        .init("an insecure port of old", version: "1.23") { try $0.add("--insecure-port=0") },
        .init("no issuer", .missingRequiredFlag, version: "1.20") {
            try $0.without("service-account-issuer")
        },
        .init("no issuer of old", version: "1.19") { try $0.without("service-account-issuer") },
    ]

    static let units: [ZooCase] = [
        .init("no unit", .noUnit) { try $0.remove("/etc/systemd/system") },
        .init("certificates alone, without systemd") { try $0.remove("/etc/systemd") },
        .init("nothing at all", .noUnit) { tree in
            try tree.remove("/etc/systemd")
            try tree.remove("/etc/kubernetes/ssl")
        },
        .init("drop-ins without a unit or a flag", .noUnit) { tree in
            try tree.remove(ZooTree.unit)
            try tree.write("[Service]\nNice=0\n", ZooTree.dropIn)
        },
        .init("drop-ins of all services alone", .noUnit) { tree in
            try tree.remove("/etc/systemd/system")
            try tree.write("[Service]\nNice=0\n", "/etc/systemd/system/service.d/10-all.conf")
        },
        .init("a drop-in with a command, without its unit") { try $0.remove(ZooTree.unit) },
        .init("a drop-in that waits for its unit", .waitingFlags) { tree in
            try tree.remove(ZooTree.unit)
            try tree.wait(ZooTree.dropIn)
        },
        .init("a drop-in that waits for a unit of another name", .waitingFlags) { tree in
            try tree.wait(ZooTree.dropIn)
            try Zoo.shell(
                "mv kube-apiserver.service.d k8s-apiserver.service.d; rm *.service",
                in: tree.root + "/etc/systemd/system")
        },
        .init("another variable that waits", .waitingFlags) { tree in
            try tree.remove(ZooTree.unit)
            try tree.wait(ZooTree.dropIn)
            try tree.edit(ZooTree.dropIn, "AGGREGATION_FLAGS", "KUBE_API_ARGS")
        },
        .init("a static pod", .staticPod) { tree in
            try tree.remove("/etc/systemd/system")
            try tree.write("apiVersion: v1\nkind: Pod\n", "/etc/kubernetes/manifests/kube-apiserver.yaml")
        },
        .init("a static pod beside a unit", .staticPod) {
            try $0.write("apiVersion: v1\nkind: Pod\n", "/etc/kubernetes/manifests/kube-apiserver.yaml")
        },
        .init("a file that kubelet does not read") {
            try $0.write("", "/etc/kubernetes/manifests/.kube-apiserver.yaml.swp")
        },
        .init("a drop-in that takes the command away", .unitUnreadable) { tree in
            try tree.remove(ZooTree.unit)
            try tree.write("[Service]\nExecStart=\n", "\(ZooTree.unit).d/zzz.conf")
        },
        .init("a path with a specifier", .unclearCommand) {
            try $0.flag("key-file=\(ZooTree.key)", "key-file=%d/key.pem")
        },
        .init("a masked unit", .unitUnreadable) { tree in
            try tree.remove(ZooTree.unit)
            try Zoo.shell("ln -s /dev/null .\(ZooTree.unit)", in: tree.root)
        },
        .init("a drop-in that leads nowhere", .unitUnreadable) { tree in
            try Zoo.shell("ln -s nowhere .\(ZooTree.unit).d/a.conf", in: tree.root)
        },
        .init("open quotes", .unitSyntax) { try $0.add("\"--v=2") },
        .init("a header without its bracket", .unitSyntax) {
            try $0.edit(ZooTree.unit, "[Service]", "[Service")
        },
        .init("bytes that are no text", .unitSyntax) { tree in
            try Zoo.shell("printf 'Nice=\\377\\n' >>.\(ZooTree.dropIn)", in: tree.root)
        },
        .init("two commands", .severalCommands) { try $0.flag("ExecStart=\n", "") },
        .init("a continuation that is none", .strayLine, .noProxyClient) {
            try $0.flag("X-Remote-User \\\n", "X-Remote-User \n")
        },
        .init("a later drop-in with another command", .overridden) {
            try $0.write(
                """
                [Service]
                ExecStart=
                ExecStart=/usr/bin/kube-apiserver --etcd-servers=http://127.0.0.1:2379 \\
                  --client-ca-file=/etc/kubernetes/ssl/ca.pem

                """, "\(ZooTree.unit).d/zzz-local.conf")
        },
        .init("an edit of the unit that waits", .staleDropIn) {
            try $0.edit(ZooTree.unit, "10.254.0.0", "10.255.0.0")
        },
        .init("flags in a variable that nothing uses", .unusedFlags) { try $0.wait(ZooTree.dropIn) },
        .init("a variable that nothing sets", .unknownVariable) { try $0.add("$MORE") },
        .init("a missing environment file", .environmentFileMissing) {
            try $0.set("EnvironmentFile=/etc/kubernetes/more.env")
        },
        .init("an optional environment file that is missing") {
            try $0.set("EnvironmentFile=-/etc/kubernetes/more.env")
        },
        .init("an environment file with a byte order mark", .byteOrderMark) { tree in
            try tree.set("EnvironmentFile=/etc/kubernetes/more.env")
            try tree.write("\u{FEFF}A=b\n", "/etc/kubernetes/more.env")
        },
        .init("an environment file from elsewhere", .carriageReturn) { tree in
            try tree.set("EnvironmentFile=/etc/kubernetes/more.env")
            try tree.write("A=b\r\n", "/etc/kubernetes/more.env")
        },
        .init("a reload that kills", .reloadKills) { try $0.set("ExecReload=/bin/kill -HUP $MAINPID") },
        .init("a script", .notKubeAPIServer) {
            try $0.flag("ExecStart=/usr/bin/kube-apiserver", "ExecStart=/opt/start")
        },
        .init("a shell", .unclearCommand) { tree in
            try tree.write(
                "[Service]\nExecStart=\nExecStart=/bin/sh -c '. /etc/x; exec /usr/bin/kube-apiserver $ARGS'\n",
                ZooTree.dropIn)
        },
    ]

    static let surroundings: [ZooCase] = [
        .init("a temporary directory of its own", .hiddenPath) { tree in
            try tree.set("PrivateTmp=yes")
            try tree.flag("ca-file=\(ZooTree.ca)", "ca-file=/tmp/ca.pem")
        },
        .init("a container that does not see the files", .notMounted) {
            try $0.flag(
                "ExecStart=/usr/bin/kube-apiserver",
                "ExecStart=/usr/bin/docker run --rm -v /srv:/srv registry.k8s.io/kube-apiserver:v1.30.0 kube-apiserver"
            )
        },
        .init("kube-apiserver's flag for kube-proxy", .flagOfKubeProxy) {
            try $0.write(
                "[Service]\nExecStart=/usr/bin/kube-proxy --config=/etc/kube-proxy.yaml --enable-aggregator-routing=true\n",
                "/etc/systemd/system/kube-proxy.service")
        },
        .init("no kube-proxy", .noKubeProxy) {
            try $0.write(
                "[Service]\nExecStart=/usr/bin/kube-scheduler\n", "/etc/systemd/system/kube-scheduler.service"
            )
        },
        .init("no kube-proxy, and routing") { tree in
            try tree.write(
                "[Service]\nExecStart=/usr/bin/kube-scheduler\n", "/etc/systemd/system/kube-scheduler.service"
            )
            try tree.add("--enable-aggregator-routing")
        },
        .init("kubelet, which may run kube-proxy") { tree in
            for name in ["kube-scheduler", "kubelet"] {
                try tree.write(
                    "[Service]\nExecStart=/usr/bin/\(name)\n", "/etc/systemd/system/\(name).service")
            }
        },
        .init("a proxy", .proxy) { try $0.set("Environment=HTTPS_PROXY=http://proxy:3128") },
        .init("a proxy that does not concern Services") {
            try $0.set("Environment=HTTPS_PROXY=http://proxy:3128 NO_PROXY=10.254.0.0/16")
        },
        .init("a proxy, and routing", .proxyUnsure) { tree in
            try tree.set("Environment=HTTPS_PROXY=http://proxy:3128")
            try tree.add("--enable-aggregator-routing=true")
        },
    ]
}
