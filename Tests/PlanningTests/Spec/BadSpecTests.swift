// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Spec
import Values

/// Each row: a spec in which `▸` marks every problem, their codes in order, and words of what is said.
@Suite struct BadSpecTests {
    typealias Row = (text: String, codes: [SpecProblem.Code], words: [String])

    static let documents: [Row] = [
        ("▸[]", [.wrongType], ["the document must be an object, not an array"]),
        ("▸{}", [.missingKey, .missingKey, .missingKey], []),
        (
            #"▸{"apiVersion":"aggbootstrap/v1","nodes":[{"name":"a","local":true}]}"#, [.missingKey],
            ["\"cluster\""]
        ),
        (
            spec().replacing("aggbootstrap/v1\"", with: "aggbootstrap/v2\"").replacing(
                "\"agg", with: "▸\"agg"),
            [.wrongValue],
            ["did you mean \"aggbootstrap/v1\"?"]
        ),
        (spec(#"▸"certficates": {},"#), [.unknownKey], ["did you mean \"certificates\"?"]),
        (
            spec(#"▸"validity": "1y","#), [.unknownKey],
            ["certificates.ca.validity", "certificates.proxyClient.validity"]
        ),
        (spec(#"▸"zzzzzzzzzz": 1,"#), [.unknownKey], ["the keys here are \"$schema\", \"apiVersion\""]),
        (spec(#"▸"clu\#u{0301}ster": 1,"#), [.unknownKey], []),
        (spec(#"▸"\u001b[31m": 1,"#), [.unknownKey], [#""\u{1b}[31m""#]),
        (
            spec(#""stateDirectory": "/srv/a", ▸"stateDirectory": "/srv/b","#), [.duplicateKey],
            ["given at 4:3"]
        ),
        (
            spec(#""apiServer": {}, ▸"apiServer": { ▸"unt": 1 },"#), [.duplicateKey, .unknownKey],
            ["\"unit\""]
        ),
        (
            spec(#""certificates": {"ca": {"signer": ▸{"command": ["sign"]}}},"#), [.combination],
            ["needs certificates.ca.certificate"]
        ),
        (
            spec(#""certificates": {"ca": {"certificate": ▸"/etc/ca.pem"}},"#), [.combination],
            ["does not say what signs"]
        ),
        (
            spec(#""certificates": {"ca": {"external": ▸true}},"#), [.combination],
            ["\"external\" needs certificates.ca.certificate"]
        ),
        (spec(#""certificates": {"ca": {"external": true, "certificate": "ca.pem"}},"#), [], []),
        (
            spec(
                #""certificates": {"ca": {"external": ▸true, "certificate": "ca.pem", "signer": {"command": ["x"]}}},"#
            ), [.combination], ["\"signer\" names a program"]
        ),
        (
            spec(
                #""certificates": {"ca": {"certificate": "ca.pem", "signer": {"command": ["sign"]}, "keep": ▸false, "names": ▸{}}},"#
            ), [.combination, .combination], ["\"keep\" is for a CA that aggbootstrap makes", "\"names\""]
        ),
        (
            spec(#""certificates": {"ca": {"keep": false, "onNodes": ▸true}},"#), [.combination],
            ["\"keep\" has it destroyed"]
        ),
        (
            spec(#""certificates": {"ca": {"certificate": "ca.pem", "external": true, "onNodes": ▸true}},"#),
            [.combination], ["\"onNodes\" is for a CA that aggbootstrap makes"]
        ),
        (
            spec(#""certificates": {"ca": {"certificate": "ca.pem", "signer": {"command": [▸"", "x"]}}},"#),
            [.flag], ["the name of the program is empty"]
        ),
        (
            spec(
                #""certificates": {"ca": {"certificate": "ca.pem", "signer": {"command": ["x", ▸"a\u0000b"]}}},"#
            ),
            [.flag], ["NUL"]
        ),
        (
            spec(#""certificates": {"ca": {"certificate": "ca.pem", "signer": {"command": ▸[]}}},"#),
            [.count], []
        ),
        (
            spec(
                #""certificates": {"ca": {"certificate": "ca.pem", "signer": {"command": ["sh", "-c", "a\nb", ""]}}},"#
            ),
            [], []
        ),
        (spec(#""certificates": ▸[],"#), [.wrongType], ["must be an object, not an array"]),
        (spec(#""certificates": ▸null,"#), [.wrongType], ["leave the key out"]),
        (spec(#""kubernetesVersion": ▸1.20,"#), [.wrongType], [#"in double quotes: "1.20""#]),
        (spec(#""requestHeader": {"allowedNames": ▸"aggregator"},"#), [.wrongType], [#"["aggregator"]"#]),
        (spec(#""apiServer": {"aggregatorRouting": ▸"true"},"#), [.wrongType], ["without quotes"]),
        (spec(#""certificates": {"ca": {"key": {"size": ▸"384"}}},"#), [.wrongType], ["without quotes: 384"]),
        (spec(#""certificates": {"ca": {"key": {"size": ▸384.0}}},"#), [.wrongType], ["whole number"]),
        (spec(#""certificates": {"ca": {"key": {"size": ▸99999999999999999999}}},"#), [.wrongType], []),
        (spec(#""requestHeader": {"allowedNames": ["aggregator", ▸7]},"#), [.wrongType], ["\"7\""]),
        (spec(nodes: "▸[]"), [.count], ["at least 1"]), (spec(nodes: "▸{}"), [.wrongType], ["[{ ... }]"]),
        (spec(nodes: "[▸3]"), [.wrongType], ["\"nodes[0]\""]),
        (spec().replacing("\"demo\"", with: "▸\"Demo\""), [.name], ["lower-case"]),
        (spec().replacing("\"demo\"", with: "▸\"../etc\""), [.name], []),
        (spec().replacing("demo", with: "a.b-c.1"), [], []),
        (
            spec().replacing("\"demo\"", with: "▸\"\(String(repeating: "a", count: 64))\""), [.name],
            ["at most 63"]
        ),
        (spec(#""kubernetesVersion": ▸"v1.20.2","#), [.version], [#"write "1.20""#]),
        (spec(#""kubernetesVersion": ▸"1.9","#), [.version], ["older than 1.10"]),
        (spec(#""kubernetesVersion": ▸"1.020","#), [.version], []),
        (spec(#""kubernetesVersion": "1.10","#), [], []),
        (spec(#""stateDirectory": ▸"state","#), [.path], ["not absolute"]),
        (spec(#""stateDirectory": ▸"/","#), [.path], []), (spec(#""stateDirectory": "/srv/ä b","#), [], []),
    ]

    static let certificates: [Row] = [
        (#""directory": ▸"/etc""#, [.path], ["belongs to the system"]), (#""directory": ▸"/""#, [.path], []),
        (#""directory": ▸"/etc/k8s/""#, [.path], [#"write it as "/etc/k8s""#]),
        (#""directory": ▸"""#, [.path], []),
        (#""directory": ▸"/etc/./k8s//x""#, [.path], [#"write it as "/etc/k8s/x""#]),
        (#""directory": ▸"/etc/k8s/../x""#, [.path], ["\"..\""]), (#""directory": ▸"etc/k8s""#, [.path], []),
        (#""directory": ▸"/etc/k8s ssl""#, [.path], ["unit file"]),
        (#""directory": ▸"/etc/k%8s""#, [.path], []),
        (#""directory": ▸"/etc/k$s""#, [.path], []),
        (#""directory": ▸"/etc/k\u0000s""#, [.path], ["control"]),
        (#""directory": ▸"/etc/k\ns""#, [.path], []),
        (#""directory": ▸"/proc/1/x""#, [.path], ["are lost at reboot"]),
        (#""directory": "/etc/k8s/a..b""#, [], []), (#""directory": ▸"/etc/é""#, [.path], []),
        (#""files": {"ca": ▸"a/b"}"#, [.path], ["certificates.directory"]),
        (#""files": {"ca": ▸".."}"#, [.path], []),
        (#""files": {"key": ▸"-k"}"#, [.path], []), (#""files": {"key": ▸""}"#, [.path], ["empty"]),
        (#""files": {"ca": "x", "key": ▸"x"}"#, [.duplicateValue], ["two files"]),
        (#""files": {"key": ▸"aggregator.pem"}"#, [.duplicateValue], []),
        (#""files": {"ca": ▸"aggregator.pem"}"#, [.duplicateValue], []),
        (#""ca": {▸"CN": "x"}"#, [.unknownKey], [#"it is called "commonName" here"#]),
        (
            #""ca": {"commonName": ▸"\#(String(repeating: "c", count: 56))"}"#, [.subject],
            ["at most 55", "generation"]
        ),
        (#""ca": {"commonName": "\#(String(repeating: "c", count: 55))"}"#, [], []),
        (#""ca": {"commonName": ▸""}"#, [.subject], []),
        (#""ca": {"commonName": ▸"a\u0000"}"#, [.subject], []),
        (#""ca": {"names": {"C": ▸"CHN"}}"#, [.subject], ["two letters"]),
        (#""ca": {"names": {"C": ▸"1A"}}"#, [.subject], []),
        (#""ca": {"names": {"O": ▸"\#(String(repeating: "o", count: 65))"}}"#, [.subject], ["at most 64"]),
        (#""ca": {"names": {"L": "\#(String(repeating: "上", count: 128))"}}"#, [], []),
        (#""ca": {"names": {"ST": ▸"\#(String(repeating: "s", count: 129))"}}"#, [.subject], ["at most 128"]),
        (#""ca": {"names": {"OU": ▸"a\u202eb"}}"#, [.subject], []),
        (#""ca": {"names": {"OU": ▸" a"}}"#, [.subject], []),
        (#""ca": {"names": {▸"organization": "x"}}"#, [.unknownKey], [#""O""#]),
        (#""ca": {"validity": ▸"8760"}"#, [.duration], [#""8760h""#]),
        (#""ca": {"validity": ▸"0h"}"#, [.duration], []),
        (#""ca": {"validity": ▸"101y"}"#, [.duration], ["100 years"]),
        (#""ca": {"validity": ▸8760}"#, [.wrongType], []),
        (#""ca": {▸"expiry": "8760h"}"#, [.unknownKey], [#""validity""#]),
        (#""ca": {"key": {"algorithm": "rsa", "size": ▸1024}}"#, [.key], ["too weak"]),
        (#""ca": {"key": {"algorithm": "rsa", "size": ▸8192}}"#, [.key], ["2048, 3072, 4096"]),
        (#""ca": {"key": {"algorithm": "ecdsa", "size": ▸512}}"#, [.key], ["write 521"]),
        (#""ca": {"key": {"size": ▸2048}}"#, [.key], [#""algorithm": "rsa""#]),
        (#""ca": {"key": {"algorithm": "ed25519", "size": ▸256}}"#, [.key], ["no size"]),
        (#""ca": {"key": {"algorithm": ▸"RSA"}}"#, [.wrongValue], [#"did you mean "rsa"?"#]),
        (#""ca": {"key": {"algorithm": ▸"dsa", "size": 7}}"#, [.wrongValue], []),
        (#""ca": {"key": {▸"algo": "rsa"}}"#, [.unknownKey], [#""algorithm""#]),
        (#""proxyClient": {"usages": ▸["signing", "server auth"]}"#, [.clientAuthMissing], ["reject"]),
        (
            #""proxyClient": {"usages": ["client auth", ▸"key enciphrment"]}"#, [.wrongValue],
            [#""key encipherment""#]
        ),
        (#""proxyClient": {"usages": ["client auth", ▸"client auth"]}"#, [.duplicateValue], ["twice"]),
        (#""proxyClient": {"usages": ▸[]}"#, [.count], []),
        (#""proxyClient": {"usages": [▸"cert sign"]}"#, [.wrongValue], []),
        (#""proxyClient": {"hosts": [▸"*.example.org"]}"#, [.host], ["wildcard"]),
        (#""proxyClient": {"hosts": [▸"北京.example"]}"#, [.host], ["A-label"]),
        (#""proxyClient": {"hosts": [▸"Kubernetes"]}"#, [.host], [#"write it as "kubernetes""#]),
        (
            #""proxyClient": {"hosts": [▸"127.0.0.01", ▸"1.2.3", ▸"300.1.1.1"]}"#, [.host, .host, .host],
            ["leading zeros"]
        ),
        (#""proxyClient": {"hosts": [▸"2001:DB8::1"]}"#, [.host], [#"write it as "2001:db8::1""#]),
        (#""proxyClient": {"hosts": [▸"::ffff:192.0.2.1"]}"#, [.host], [#"write it as "192.0.2.1""#]),
        (
            #""proxyClient": {"hosts": [▸"fe80::1%eth0", ▸"[::1]", ▸"1::2::3"]}"#, [.host, .host, .host],
            ["zone"]
        ),
        (
            #""proxyClient": {"hosts": [▸"10.0.0.0/8", ▸"https://a", ▸"a_b", ▸""]}"#,
            [.host, .host, .host, .host], []
        ),
        (
            #""proxyClient": {"hosts": ["a", ▸"a", "::1", ▸"::1"]}"#, [.duplicateValue, .duplicateValue],
            ["given at"]
        ),
        (
            #""proxyClient": {"hosts": ▸[\#((0..<257).map { "\"a\($0)\"" }.joined(separator: ","))]}"#,
            [.count], ["256"]
        ),
    ]

    static let others: [Row] = [
        (
            #""requestHeader": {"allowedNames": ▸["other"]}"#, [.commonNameNotAllowed],
            [#"lacks "aggregator" (the default)"#]
        ),
        (
            #"""
            "requestHeader": {"allowedNames": ▸["e\u0301"]},
            "certificates": {"proxyClient": {"commonName": "\u00e9"}}
            """#,
            [.commonNameNotAllowed], []
        ),
        (#""requestHeader": {"allowedNames": ▸[]}"#, [.count], []),
        (#""requestHeader": {"allowedNames": ["aggregator", ▸""]}"#, [.subject], []),
        (#""requestHeader": {"allowedNames": ["aggregator", ▸"aggregator"]}"#, [.duplicateValue], []),
        (
            #""requestHeader": {"usernameHeaders": ["X-Remote-User", ▸"X-User"]}"#, [.customHeader],
            ["1.27", "forge"]
        ),
        (
            #""requestHeader": {"groupHeaders": [▸"X-Remote-User"]}"#, [.customHeader],
            [#"write "X-Remote-Group""#]
        ),
        (#""requestHeader": {"usernameHeaders": ["x-remote-user"]}"#, [], []),
        (
            #""requestHeader": {"usernameHeaders": ["X-Remote-User", ▸"x-remote-user"]}"#, [.duplicateValue],
            []
        ),
        (#""requestHeader": {"usernameHeaders": [▸"X User"], "allowCustomHeaders": true}"#, [.header], []),
        (#""requestHeader": {"extraHeadersPrefix": [▸"X-Extra-"]}"#, [.customHeader], []),
        (#""requestHeader": {"extraHeadersPrefix": ["X-Extra-"], "allowCustomHeaders": true}"#, [], []),
        (#""apiServer": {"unit": ▸"kube-apiserver"}"#, [.unit], [#"write it as "kube-apiserver.service""#]),
        (#""apiServer": {"unit": ▸"kube-apiserver@.service"}"#, [.unit], ["template"]),
        (#""apiServer": {"unit": ▸"@a.service"}"#, [.unit], []),
        (#""apiServer": {"unit": ▸".service"}"#, [.unit], []),
        (#""apiServer": {"unit": ▸"/etc/systemd/system/a.service"}"#, [.unit], ["not its path"]),
        (#""apiServer": {"unit": ▸"a b.service"}"#, [.unit], []),
        (#""apiServer": {"unit": ▸"a.socket"}"#, [.unit], []),
        (#""apiServer": {"unit": ▸"\#(String(repeating: "u", count: 246)).service"}"#, [.unit], ["253"]),
        (#""apiServer": {"unit": "\#(String(repeating: "u", count: 245)).service"}"#, [], []),
        (#""apiServer": {"flagsIn": ▸"drop-in"}"#, [.wrongValue], [#"did you mean "dropIn"?"#]),
        (#""apiServer": {"flagsIn": ▸"unit"}"#, [.combination], ["apiServer.flags"]),
        (#""apiServer": {"flagsIn": ▸"environmentFile"}"#, [.combination], ["apiServer.environmentFile"]),
        (
            #""apiServer": {"managedBy": "external", "unit": ▸"k.service"}"#, [.combination],
            ["\"unit\" is for kube-apiservers that a systemd unit runs"]
        ),
        (
            #""apiServer": {"managedBy": "external", "flagsIn": ▸"dropIn"}"#, [.combination],
            ["\"flagsIn\" is for kube-apiservers"]
        ),
        (#""apiServer": {"environmentFile": ▸{"path": "/etc/a.env"}}"#, [.missingKey], ["variable"]),
        (#""apiServer": {"environmentFile": {"path": "/etc/a.env", "variable": ▸"$A"}}"#, [.variable], []),
        (
            #""apiServer": {"flags": ["--a=b", ▸"--requestheader_allowed-names=x"]}"#, [.aggregationFlag],
            ["derived"]
        ),
        (#""apiServer": {"flags": [▸"--proxy-client-key-file", "/x"]}"#, [.aggregationFlag], []),
        (
            #""apiServer": {"flags": [▸"--enable_aggregator_routing"]}"#, [.aggregationFlag],
            ["aggregatorRouting"]
        ),
        (#""apiServer": {"flags": [▸"--requestheader-uid-headers=X"]}"#, [.aggregationFlag], []),
        (#""apiServer": {"flags": [▸"--v 2"]}"#, [.flag], [#"write "--v=2""#]),
        (#""apiServer": {"flags": [▸""]}"#, [.flag], []),
        (#""apiServer": {"flags": [▸"--a=\n"]}"#, [.flag], []),
        (#""apiServer": {"flags": ▸[]}"#, [.count], []),
        (#""apiServer": {"executable": ▸"kube-apiserver"}"#, [.path], ["absolute"]),
        (#""apiServer": {"kubeconfig": ▸"~/.kube/config"}"#, [.path], ["not expanded"]),
        (#""apiServer": {"serverCAFile": ▸"-x"}"#, [.path], []),
        (#""apiServer": {"clientCAFile": ▸"ca.pem"}"#, [.path], []),
        (
            #""apiServer": {"clientCAFile": ▸"/etc/kubernetes/ssl/aggregator-ca.pem"}"#, [.duplicateValue],
            ["is both the CA's file of certificates.files and the client CA"]
        ),
        (
            #""apiServer": {"environmentFile": {"path": ▸"/etc/kubernetes/ssl/aggregator-key.pem", "variable": "A"}}"#,
            [.duplicateValue], ["is both the key of certificates.files"]
        ),
        (
            #""certificates": {"directory": "/etc/k8s"}, "apiServer": {"environmentFile": {"path": ▸"/etc/k8s", "variable": "A"}}"#,
            [.duplicateValue], ["is both certificates.directory"]
        ),
    ]

    static let nodes: [Row] = [
        (#"▸{"name": "a"}"#, [.unreachableNode], [#"node "a" has no address"#]),
        (#"▸{"local": true}"#, [.missingKey], []),
        (#"{"name": "a", "local": ▸1}"#, [.wrongType], []),
        (#"{"name": ▸"A", "local": true}"#, [.name], [#""a""#]),
        (#"{"name": ▸"a/b", "local": true}"#, [.name], []), (#"{"name": ▸"..", "local": true}"#, [.name], []),
        (
            #"{"name": "a", "local": true}, {"name": ▸"a", "address": "b"}"#, [.duplicateValue],
            ["second node"]
        ),
        (
            #"{"name": "a", "address": "x"}, {"name": "b", "address": ▸"x"}"#, [.duplicateValue],
            ["given at 5:38"]
        ),
        (#"{"name": "a", "local": true}, {"name": "b", "local": ▸true}"#, [.combination], ["this machine"]),
        (#"{"name": "a", "address": ▸"-oProxyCommand=x"}"#, [.host], []),
        (#"{"name": "a", "address": ▸"0.0.0.0"}"#, [.host], []),
        (#"{"name": "a", "address": ▸"10.0.0.1:22"}"#, [.host], ["without a port"]),
        (#"{"name": "a", "address": ▸""}"#, [.host], []),
        (#"{"name": "a", "address": "b", "ssh": {"user": ▸"-l"}}"#, [.ssh], []),
        (#"{"name": "a", "address": "b", "ssh": {"user": ▸"a;b"}}"#, [.ssh], []),
        (#"{"name": "a", "address": "b", "ssh": {"user": ▸""}}"#, [.ssh], []),
        (
            #"{"name": "a", "address": "b", "ssh": {"hostKey": ▸"h ssh-ed25519 AAAA"}}"#, [.ssh],
            ["without the host"]
        ),
        (
            #"{"name": "a", "address": "b", "ssh": {"hostKey": ▸"ssh-rsa AAAAC3NzaC1lZDI1NTE5"}}"#, [.ssh],
            ["that type"]
        ),
        (#"{"name": "a", "address": "b", "ssh": {▸"port": 22}}"#, [.unknownKey], []),
        (#"{"name": "a", "address": "b", "flags": ▸["--v=2"]}"#, [.combination], ["apiServer.flags"]),
        (#"{"name": "a", "address": "b", "flags": [▸"--requestheader-x"]}"#, [.aggregationFlag], []),
    ]

    static let rows =
        documents + certificates.map { (spec("\"certificates\": {\($0.text)},"), $0.codes, $0.words) }
        + others.map { (spec("\($0.text),"), $0.codes, $0.words) }
        + nodes.map { (spec(nodes: "[\($0.text)]"), $0.codes, $0.words) }

    @Test(arguments: rows) func reports(_ text: String, _ codes: [SpecProblem.Code], _ words: [String]) {
        let marked = MarkedText(text)
        let found = problems(in: marked.bytes)?.problems ?? []
        #expect(found.map(\.code) == codes)
        // One mark may stand for several problems of one object.
        #expect(
            found.map(\.location).reduce(into: []) { if $0.last != $1 { $0.append($1) } } == marked.places)
        let said = found.map { "\($0.message) | \($0.hint ?? "")" }.joined(separator: "\n")
        for word in words { #expect(said.contains(word), "\(said)") }
        #expect(!said.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    }

    /// Mistakes everywhere are reported together, with their paths, in the file's order.
    @Test func everythingAtOnce() {
        let text = """
            { "apiVersion": "aggbootstrap/v1", "cluster": "X",
              "nodes": [{ "name": "a", "local": true }, { "name": "b" }, { "name": "c", "address": "-x" }],
              "certificates": { "ca": { "key": { "algorithm": "rsa", "size": 1024 } } },
              "apiServer": { "flags": ["--a", "--requestheader-b=c"] }, "colour": 1 }
            """
        let found = problems(in: Array(text.utf8))?.problems.map {
            "\($0.location) \($0.path) \($0.code.rawValue)"
        }
        #expect(
            found == [
                "1:47 cluster spec/name", "2:45 nodes[1] spec/unreachable-node",
                "2:88 nodes[2].address spec/host",
                "3:66 certificates.ca.key.size spec/key", "4:35 apiServer.flags[1] spec/aggregation-flag",
                "4:61 colour spec/unknown-key",
            ])
    }
}
