// SPDX-License-Identifier: Apache-2.0

@testable import Spec

/// A text in which `▸` marks the places where problems are expected.
struct MarkedText {
    let bytes: [UInt8]
    let places: [SourceLocation]

    /// The marks are found by counting characters, not by the parser under test.
    init(_ marked: String) {
        var (text, places, line, column) = (String.UnicodeScalarView(), [SourceLocation](), 1, 1)
        for scalar in marked.unicodeScalars {
            if scalar == "▸" {
                places.append(SourceLocation(line: line, column: column))
                continue
            }
            text.append(scalar)
            (line, column) = scalar == "\n" ? (line + 1, 1) : (line, column + 1)
        }
        self.bytes = Array(String(text).utf8)
        self.places = places
    }
}

/// The problems of a spec; nil where it has none.
func problems(in bytes: [UInt8]) -> SpecProblems? {
    do {
        _ = try ClusterSpec.parse(bytes, fileName: "cluster.json")
        return nil
    } catch {
        return error
    }
}

/// A valid spec with `members` (JSON, each followed by a comma) before its nodes.
func spec(_ members: String = "", nodes: String = #"[{ "name": "cp1", "local": true }]"#) -> String {
    """
    {
      "apiVersion": "aggbootstrap/v1",
      "cluster": "demo",
      \(members)
      "nodes": \(nodes)
    }
    """
}

/// The tutorial's cluster, with every kind of value that a spec has.
let tutorialSpec = #"""
    {
      "$schema": "aggbootstrap.schema.json",
      "apiVersion": "aggbootstrap/v1",
      "cluster": "shanghai",
      "kubernetesVersion": "1.20",
      "stateDirectory": "/var/lib/aggbootstrap/shanghai",
      "certificates": {
        "directory": "/etc/kubernetes/ssl",
        "ca": {
          "commonName": "aggregator",
          "names": { "C": "CN", "ST": "Shanghai", "L": "Shanghai", "O": "k8s", "OU": "System" },
          "key": { "algorithm": "rsa", "size": 2048 },
          "validity": "87600h"
        },
        "proxyClient": {
          "commonName": "aggregator",
          "names": { "C": "CN", "ST": "Shanghai", "L": "Shanghai", "O": "k8s", "OU": "System" },
          "hosts": ["127.0.0.1", "192.168.123.250", "192.168.123.248", "192.168.123.249", "10.254.0.1",
                    "kubernetes", "kubernetes.default", "kubernetes.default.svc",
                    "kubernetes.default.svc.cluster", "kubernetes.default.svc.cluster.local"],
          "usages": ["signing", "key encipherment", "server auth", "client auth"],
          "key": { "algorithm": "rsa", "size": 2048 },
          "validity": "87600h",
          "perNode": false
        }
      },
      "requestHeader": {
        "allowedNames": ["aggregator"],
        "usernameHeaders": ["X-Remote-User"],
        "groupHeaders": ["X-Remote-Group"],
        "extraHeadersPrefix": ["X-Remote-Extra-"]
      },
      "apiServer": {
        "unit": "kube-apiserver.service",
        "flagsIn": "auto",
        "aggregatorRouting": true
      },
      "nodes": [
        { "name": "master-1", "address": "192.168.123.250", "ssh": { "user": "root" } },
        { "name": "master-2", "address": "192.168.123.248", "ssh": { "user": "root" } },
        { "name": "master-3", "address": "192.168.123.249", "ssh": { "user": "root" } }
      ]
    }
    """#
