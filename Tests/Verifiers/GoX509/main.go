// SPDX-License-Identifier: Apache-2.0

// Asks Go's crypto/x509 whether a leaf verifies under a CA for client authentication, as kube-apiserver and
// extension API servers do.
// Usage: verify-go CA LEAF | --version
// Exit status: 0 accepted, 1 rejected with the reason, 2 not judged.
package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"runtime"
)

func fail(status int, problem any) {
	fmt.Println(problem)
	os.Exit(status)
}

func certificate(path string) *x509.Certificate {
	text, err := os.ReadFile(path)
	if err != nil {
		fail(2, err)
	}
	block, rest := pem.Decode(text)
	if block == nil || len(rest) > 0 {
		fail(2, path+": not one PEM block")
	}
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		fail(1, err)
	}
	return parsed
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fail(0, runtime.Version())
	}
	if len(os.Args) != 3 {
		fail(2, "usage: verify-go CA LEAF | --version")
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate(os.Args[1]))
	options := x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	chains, err := certificate(os.Args[2]).Verify(options)
	if err != nil {
		fail(1, err)
	}
	if len(chains) != 1 || len(chains[0]) != 2 {
		fail(2, "not one chain of two")
	}
	fmt.Println("accepted")
}
