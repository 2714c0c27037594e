// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The page of `status --html`.
@Suite struct StatusPageTests {
    /// What is wrong with a page in itself, by python's parser of HTML; one line each.
    private func faults(of page: String) throws -> [String] {
        let directory = try TemporaryDirectory()
        try directory.write(page, to: "page.html")
        let script = #filePath.components(separatedBy: "/CommandLineTests/")[0] + "/PageTests/structure.py"
        let result = try run("/usr/bin/python3", [script, directory.file("page.html")])
        return (result.stdout + result.stderr).split(separator: "\n").map(String.init)
    }

    @Test func everythingIsOnThePage() throws {
        let fleet = try Fleet()
        let page = try fleet.page()
        #expect(try faults(of: page) == [])
        for (cluster, nodes) in [("berlin", ["cp1"]), ("shanghai", ["cp1", "cp2", "cp3"])] {
            #expect(page.contains(">\(cluster) <strong class=\"badge ok\">"))
            for node in nodes {
                for file in ["aggregator-ca.pem", "aggregator.pem"] {
                    let line =
                        "openssl x509 -in out/\(cluster)/\(node)/etc/kubernetes/ssl/\(file) -outform DER | sha256sum"
                    let digest = String(try shell(line, in: fleet.directory).stdout.prefix(64))
                    #expect(
                        page.contains("title=\"SHA-256 \(digest)\">\(digest.prefix(12))<"), "\(node) \(file)")
                }
            }
        }
        // The digest of a private key is nobody's business.
        let key = try shell(
            "sha256sum <out/berlin/cp1/etc/kubernetes/ssl/aggregator-key.pem", in: fleet.directory)
        #expect(!page.contains(key.stdout.prefix(12)))
        #expect(page.contains("--requestheader-client-ca-file=/etc/kubernetes/ssl/aggregator-ca.pem"))
        #expect(page.contains("<td>a change was made</td>") && page.contains("Its loopback certificate ends"))
        let mode = try shell("stat -c %a page.html; ls -A | grep -c tmp", in: fleet.directory).stdout
        #expect(mode == "644\n0\n")
    }

    /// Nothing of a node, a spec or a certificate becomes a part of the page.
    @Test func allTextIsEscaped() throws {
        let fleet = try Fleet()
        let name = #"<script>alert(1)</script>&\"'"#
        let members = #""certificates": { "ca": { "commonName": "\#(name)" } },"#
        let place = #"st<img src=x>"&"#
        try fleet.directory.write(Fleet.spec("odd", ["cp1"], members), to: "odd<b>.json")
        let arguments = ["--spec", "odd<b>.json", "--root", "odd", "--state", place]
        let made = try aggbootstrap(["init"] + arguments, in: fleet.directory)
        try #require(made.status == 0, "\(made.stderr)")
        #expect(
            try shell("printf '<i>\\033[2J' >odd/cp1/etc/kubernetes/ssl/aggregator.pem", in: fleet.directory)
                .status
                == 0)
        let result = try aggbootstrap(["status", "--html", "page.html"] + arguments, in: fleet.directory)
        #expect(result.status == 0, "\(result.stderr)")
        let page = try String(contentsOfFile: fleet.directory.file("page.html"), encoding: .utf8)
        #expect(try faults(of: page) == [])
        for tag in ["<script", "<img", "<b>", "<i>", "\u{1b}"] { #expect(!page.contains(tag), "\(tag)") }
        #expect(page.contains(#"CN=\&lt;script\&gt;alert(1)\&lt;/script\&gt;&amp;\&quot;&#39; "#))
        #expect(page.contains("st&lt;img src=x&gt;&quot;&amp;") && page.contains("odd&lt;b&gt;.json"))
    }

    @Test func whatDiffersIsMarked() throws {
        let fleet = try Fleet()
        #expect(!(try fleet.page()).contains("class=\"mark\""))
        let damage = """
            cp out/berlin/cp1/etc/kubernetes/ssl/aggregator-ca.pem out/shanghai/cp2/etc/kubernetes/ssl/
            rm out/shanghai/cp3/etc/kubernetes/ssl/aggregator.pem
            """
        #expect(try shell(damage, in: fleet.directory).status == 0)
        let page = try fleet.page()
        #expect(try faults(of: page) == [])
        let rows = page.matches(of: /<tr><th scope="row">(cp\d)<\/th>.*<\/tr>/).map { String($0.0) }
        let marked = rows.filter { $0.contains("<td class=\"differs\"><strong class=\"mark\">") }
        #expect(marked.count == 2 && marked[0].contains("cp2") && marked[1].contains("cp3"), "\(rows)")
        #expect(marked.last?.contains("not as the spec says</strong> missing</td>") == true)
        #expect(page.contains("≠") && page.contains(">shanghai <strong class=\"badge bad\">"))
        #expect(page.contains("<code>drift/file</code>"))
    }

    @Test func aNodeThatCannotBeRead() throws {
        let fleet = try Fleet()
        let damage = "mv out/shanghai/cp3 out/shanghai/real; ln -s real out/shanghai/cp3"
        #expect(try shell(damage, in: fleet.directory).status == 0)
        let page = try fleet.page(is: 4)
        #expect(try faults(of: page) == [])
        #expect(page.contains("<td colspan=\"4\">not read</td>") && page.contains("root/symbolic-link"))
    }

    /// The old page or the new one is there, and what is shown is shown all the same.
    @Test func aPageThatCannotBeWritten() throws {
        let fleet = try Fleet()
        let result = try fleet.status(["--html", "no/page.html"], is: 1)
        #expect(
            result.stdout.contains("fine: 2 clusters") && result.stderr.contains("no/"), "\(result.stderr)")
        #expect(
            result.stderr.contains("no/page.html") && !result.stderr.contains("-tmp"), "\(result.stderr)")
        for arguments in [["--html", ""], ["--html", "a", "--output", "a"]] {
            _ = try fleet.status(arguments, is: 64)
        }
    }
}
