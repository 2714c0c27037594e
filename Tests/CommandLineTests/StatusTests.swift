// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What every control plane has, what ends when, and what differs.
@Suite struct StatusTests {
    private let directory: TemporaryDirectory
    private static let common = ["--spec", "cluster.json", "--root", "out", "--state", "state"]

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write(threeNodes, to: "cluster.json")
        let made = try aggbootstrap(["init"] + Self.common, in: directory)
        try #require(made.status == 0, "\(made.stderr)")
    }

    private func status(_ arguments: [String] = [], is expected: Int32 = 0) throws -> String {
        let result = try aggbootstrap(["status"] + Self.common + arguments, in: directory)
        #expect(result.status == expected, "\(result.stdout)\(result.stderr)")
        return result.stdout
    }

    private func lines(_ arguments: [String] = [], is expected: Int32 = 0) throws -> [String] {
        try status(arguments, is: expected).split(separator: "\n").map(String.init)
    }

    private func json() throws -> [String: Any] {
        let value = try JSONSerialization.jsonObject(with: Data(try status(["-o", "json"]).utf8))
        return try #require(value as? [String: Any])
    }

    @Test func allThatAreAlikeAreOneRow() throws {
        let lines = try lines()
        #expect(lines.last == "fine: 3 control planes as the spec says", "\(lines)")
        #expect(lines.count { $0.hasPrefix("cp1, cp2, cp3  ") } == 1, "\(lines)")
        #expect(try status(["--warn-before", "1d"]).contains("fine: 3 control planes"))
        #expect(try self.lines(["--limit", "cp2"]).contains { $0.hasPrefix("cp2  ") })
        #expect(try self.lines(["--limit", "cp2,cp1"]).contains { $0.hasPrefix("cp1, cp2  ") })
    }

    /// Before the first `init`, and after an `uninstall`: one line, and not one for each file.
    @Test func whatIsOffIsOneLine() throws {
        for node in ["cp1", "cp2", "cp3"] {
            try directory.write(
                "[Service]\nExecStart=/usr/local/bin/kube-apiserver --etcd-servers=http://127.0.0.1:2379\n",
                to: "bare/\(node)/etc/systemd/system/kube-apiserver.service")
        }
        let place = ["--spec", "cluster.json", "--root", "bare", "--state", "none"]
        let result = try aggbootstrap(["status"] + place, in: directory)
        let lines = result.stdout.split(separator: "\n").map(String.init)
        #expect(result.status == 0 && lines.last == "look: 3 control planes without the aggregation layer")
        #expect(
            lines.filter { $0.hasPrefix("cp1, cp2, cp3: ") } == [
                "cp1, cp2, cp3: the aggregation layer is off; aggbootstrap init --spec cluster.json --root bare --state none "
                    + "turns it on [status/off]"
            ], "\(lines)")
        #expect(lines.contains { $0.hasPrefix("cp1, cp2, cp3  none") && $0.hasSuffix("NO, it is off") })
    }

    @Test func whatDiffersIsNamed() throws {
        let key = "out/cp2/etc/kubernetes/ssl/aggregator-key.pem"
        #expect(
            try shell("chmod 640 \(key) && rm out/cp3/etc/kubernetes/ssl/aggregator.pem", in: directory)
                .status == 0)
        let lines = try lines()
        #expect(
            lines.contains(
                "cp2: /etc/kubernetes/ssl/aggregator-key.pem has another mode or owner [drift/file]"),
            "\(lines)")
        #expect(lines.contains("cp3: /etc/kubernetes/ssl/aggregator.pem is missing [drift/file]"), "\(lines)")
        #expect(lines.last == "look: 2 control planes not as the spec says", "\(lines)")
        #expect(lines.contains { $0.hasPrefix("cp3            none  ") }, "\(lines)")
        // It is a question of --warn-before whether that is a failure.
        #expect(try self.lines(["--warn-before", "1h"], is: 4).last == lines.last)
        let document = try json()
        #expect(document["differs"] as? Bool == true)
        let nodes = try #require(document["nodes"] as? [[String: Any]])
        #expect(nodes.map { ($0["drift"] as? [Any])?.count } == [0, 1, 1])
    }

    @Test func whatEndsIsAFailureIfItIsAskedFor() throws {
        // The CA of this spec lasts ten years at most, so that both certificates of each node end within twenty.
        let last = try lines(["--warn-before", "20y"], is: 4).last
        #expect(last == "look: 6 certificates on 3 control planes end within 20y", "\(last ?? "")")
        _ = try status(["--warn-before", "soon"], is: 64)
    }

    /// A node that cannot be read keeps none of the others back.
    @Test func aNodeThatCannotBeRead() throws {
        #expect(try shell("rm -r out/cp2 && ln -s cp1 out/cp2", in: directory).status == 0)
        let lines = try lines(is: 4)
        #expect(lines.last == "look: 1 control plane could not be read", "\(lines)")
        #expect(lines.contains { $0.hasPrefix("cp1, cp3  ") }, "\(lines)")
        #expect(lines.contains { $0.hasPrefix("cp2: ") && $0.hasSuffix("[root/symbolic-link]") }, "\(lines)")
        let text = try status(["-o", "prometheus"], is: 4)
        #expect(text.contains("aggbootstrap_node_readable{cluster=\"shanghai\",node=\"cp2\"} 0\n"), "\(text)")
        #expect(!text.contains("aggbootstrap_last_success_timestamp_seconds"), "\(text)")
    }

    /// Behind sudo it is the user who called it; entries of earlier versions name nobody.
    @Test func whoChangedIt() throws {
        let host = try shell("uname -n", in: directory).stdout.dropLast()
        let user = try shell("id -un", in: directory).stdout.dropLast()
        #expect(
            try lines().contains { $0.hasSuffix(", a change was made (cp1, cp2, cp3) by \(user)@\(host)") })
        let key = "out/cp2/etc/kubernetes/ssl/aggregator-key.pem"
        let line = "chmod 640 \(key) && SUDO_USER='some one' $A init \(Self.common.joined(separator: " "))"
        #expect(try shell(line, in: directory).status == 0)
        let caller = user == "root" ? "some one" : user
        #expect((try json()["lastChange"] as? [String: String])?["by"] == "\(caller)@\(host)")
        #expect(try shell("sed -i 's/,\"by\":\"[^\"]*\"//' state/ledger.jsonl", in: directory).status == 0)
        let document = try json()
        let history = try #require(document["history"] as? [[String: String]])
        #expect(history.count >= 8 && history.allSatisfy { $0["by"] == nil && $0["time"] != nil })
        #expect(history.last == document["lastChange"] as? [String: String])
        #expect(try lines().contains { $0.hasSuffix(", a change was made (cp2)") })
        // A copy of the state changes nothing.
        let copied = #"{"time":"2030-01-01T00:00:00Z","event":"exported-state"}"#
        #expect(try shell("echo '\(copied)' >>state/ledger.jsonl", in: directory).status == 0)
        #expect(try lines().contains { $0.hasSuffix(", a change was made (cp2)") })
    }

    /// The ledger only ever grows; the newest entries are shown.
    @Test func aLongHistory() throws {
        let line =
            "for i in $(seq 300); do echo '{\"time\":\"t\",\"event\":\"e'$i'\"}'; done >>state/ledger.jsonl"
        #expect(try shell(line, in: directory).status == 0)
        let history = try #require(try json()["history"] as? [[String: String]])
        #expect(history.map { $0["event"] } == (281...300).map { "e\($0)" })
    }

    /// What `init` would refuse is said with the way out, as `init` says it; the same of several nodes once.
    @Test func aCAThatIsNotOfThisState() throws {
        let change = """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -subj /CN=theirs \
                -out ca.pem -days 90 2>/dev/null
            for node in cp1 cp2 cp3; do cp ca.pem out/$node/etc/kubernetes/ssl/aggregator-ca.pem; done
            """
        #expect(try shell(change, in: directory).status == 0)
        let lines = try lines()
        let remark = try #require(lines.firstIndex { $0.hasSuffix("[plan/foreign-ca]") }, "\(lines)")
        #expect(lines[remark].contains("cp1, cp2, cp3: ") && lines[remark].contains("CN=theirs"), "\(lines)")
        #expect(lines[remark + 1].hasPrefix("hint: use the state directory that issued it (--state DIR)"))
        for way in ["rotate --ca", "spec adopt --ca-key"] { #expect(lines[remark + 1].contains(way)) }
        let nodes = try #require(try json()["nodes"] as? [[String: Any]])
        let drift = try #require(nodes[0]["drift"] as? [[String: Any]])
        #expect(drift.contains { ($0["hint"] as? String)?.contains("rotate --ca") == true }, "\(drift)")
    }

    /// Neither the passphrase nor a private key is asked for.
    @Test func withoutAPassphrase() throws {
        let setUp =
            "umask 077; printf right >passphrase"
        #expect(try shell(setUp, in: directory).status == 0)
        let encrypted = try aggbootstrap(
            ["init", "--passphrase-file", "passphrase"] + Self.common, in: directory)
        #expect(encrypted.status == 0, "\(encrypted.stderr)")
        #expect(try lines().last == "fine: 3 control planes as the spec says")
        #expect(try shell("mkdir -p bare/cp1", in: directory).status == 0)
        let empty = try aggbootstrap(
            ["status", "--spec", "cluster.json", "--root", "bare", "--state", "none"], in: directory)
        #expect(
            empty.status == 0 && empty.stdout.contains("the state directory holds no CA"), "\(empty.stdout)")
        #expect(
            try shell("ls -d none bare/.state bare/cp2 2>/dev/null", in: directory).stdout == "",
            "it makes nothing")
    }

    /// Every line is a comment or a sample, each metric has its kind once and before its samples, and the names of the
    /// certificates' metrics are those that dashboards know.
    @Test func metrics() throws {
        let file = directory.file("aggbootstrap.prom")
        #expect(try status(["-o", "prometheus", "--output", file]) == "")
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(
            text
                == (try status(["-o", "prometheus"])).replacing(/_timestamp_seconds\{(.*)\} \d+/) { match in
                    let time = text.firstMatch(of: /_timestamp_seconds\{.*\} (\d+)/)?.1 ?? ""
                    return "_timestamp_seconds{\(match.1)} \(time)"
                })
        var kinds: Set<String> = []
        for line in text.split(separator: "\n") {
            if let kind = line.firstMatch(of: /^# TYPE ([a-z0-9_]+) gauge$/) {
                #expect(kinds.insert(String(kind.1)).inserted, "\(line)")
            } else if !line.hasPrefix("# HELP ") {
                let sample = line.wholeMatch(
                    of: /([a-z0-9_]+)\{([a-zA-Z_]+="[^"\\]*"(,[a-zA-Z_]+="[^"\\]*")*)\} \d+/)
                #expect(kinds.contains(String(sample?.1 ?? "")), "\(line)")
            }
        }
        #expect(kinds.isSuperset(of: ["x509_cert_not_after", "x509_cert_not_before", "x509_cert_expired"]))
        // What openssl says of the end is what the metric says.
        let end = try shell(
            "date -d \"$(openssl x509 -enddate -noout -in out/cp1/etc/kubernetes/ssl/aggregator.pem | cut -d= -f2)\" +%s",
            in: directory)
        let value = end.stdout.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(
            text.contains(/x509_cert_not_after\{cluster="shanghai",node="cp1",role="proxyClient",.*\} (\d+)/),
            "\(text)")
        #expect(
            text.split(separator: "\n").contains {
                $0.hasPrefix("x509_cert_not_after{cluster=\"shanghai\",node=\"cp1\",role=\"proxyClient\"")
                    && $0.hasSuffix(" \(value)")
            }, "\(text)")
        #expect(try shell("ls -A . | grep -c tmp", in: directory).stdout == "0\n")
    }

    @Test func wrongOptions() throws {
        for arguments in [
            ["--output", "json"], ["--output", ""], ["--html"], ["-o", "xml"], ["--quiet", "--verbose"],
        ] {
            _ = try status(arguments, is: 64)
        }
        let result = try aggbootstrap(["status"] + Self.common + ["--output", "no/where"], in: directory)
        #expect(result.status == 1 && result.stderr.contains("no/"), "\(result.stderr)")
    }

    /// A link such as /dev/stdout would be gone, and as root /dev/null would be a file from then on.
    @Test(arguments: ["--output", "--html"]) func whatIsNoFileIsNotReplaced(_ option: String) throws {
        let made = try shell("mkfifo pipe; ln -s there link; touch there; mkdir folder", in: directory)
        try #require(made.status == 0)
        let before = try shell("ls -lAF pipe link there folder", in: directory).stdout
        for name in ["pipe", "link", "folder", "/dev/stdout"] {
            let result = try aggbootstrap(["status"] + Self.common + [option, name], in: directory)
            #expect(result.status == 1 && result.stdout == "", "\(result.stdout)")
            #expect(result.stderr.contains("error: cannot write \(name): it is "), "\(result.stderr)")
        }
        #expect(try shell("ls -lAF pipe link there folder", in: directory).stdout == before)
        let same = try aggbootstrap(
            ["status"] + Self.common + ["--output", "a", "--html", "./a"], in: directory)
        #expect(same.status == 64, "\(same.stderr)")
    }

    @Test func severalRunsWriteOneFile() throws {
        let line = """
            for i in $(seq 1 5); do
              for j in 1 2 3 4 5 6; do
                "$A" status -q \(Self.common.joined(separator: " ")) -o json --output all.json || echo failed >>bad &
              done
              wait; python3 -m json.tool all.json >copy || echo torn >>bad
            done
            cat bad; ls -A | grep -c tmp
            """
        let result = try shell(line, in: directory)
        #expect(result.stdout == "0\n", "\(result.stdout)\(result.stderr)")
    }
}
