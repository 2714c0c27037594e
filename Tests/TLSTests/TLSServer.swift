// SPDX-License-Identifier: Apache-2.0

import TLS
import Foundation
import TestSupport
import Values

/// A real TLS server (Python's ssl module, which is OpenSSL) that behaves as one test wants.
final class TLSServer {
    enum Behaviour {
        /// Sends these bytes to every request, and ends the TLS session.
        case reply(String)
        /// Sends these bytes, and closes the connection without ending the session.
        case cut(String)
        /// Sends these bytes, and nothing more.
        case stall(String)
        /// Replies with the request that it got, and the subject of the client's certificate.
        case echo
        /// A body without an end, a byte at a time.
        case drip
        /// Takes no connection, takes it but says nothing, or closes it at once.
        case stallConnect, stallHandshake, closeAtOnce
        /// No TLS at all.
        case plainHTTP
        /// The openssl command, which lists the subjects of the client CAs (Python's server never does).
        case opensslServer

        var words: [String] {
            switch self {
            case .reply(let text): ["reply", text]
            case .cut(let text): ["cut", text]
            case .stall(let text): ["stall", text]
            case .echo: ["echo", ""]
            case .drip: ["drip", ""]
            case .stallConnect: ["stall-connect", ""]
            case .stallHandshake: ["stall-handshake", ""]
            case .closeAtOnce: ["close", ""]
            case .plainHTTP: ["plain", ""]
            case .opensslServer: []
            }
        }
    }

    private let process = Process()
    private let directory: TemporaryDirectory
    private(set) var port = 0

    /// - Parameter clientCAs: a PEM file whose subjects the server lists; nil asks for no client certificate.
    init(
        _ behaviour: Behaviour, certificate: String = "server", clientCAs: String? = nil,
        version: String = "TLSv1_3",
        address: String = "127.0.0.1"
    ) throws {
        let pki = try TestPKI.shared.get()
        directory = try TemporaryDirectory()
        let files = [pki.file("\(certificate).pem"), pki.file("\(certificate)-key.pem")]
        let command: [String]
        if case .opensslServer = behaviour {
            command =
                [
                    "/usr/bin/openssl", "s_server", "-accept", "\(address):0", "-cert", files[0], "-key",
                    files[1],
                ]
                + ["-www", version == "TLSv1_2" ? "-tls1_2" : "-tls1_3"]
                + (clientCAs.map { ["-CAfile", pki.file($0), "-verify", "1"] } ?? [])
        } else {
            let script = try directory.write(Self.script, to: "server.py")
            command =
                ["/usr/bin/python3", script, address] + files + [clientCAs.map(pki.file) ?? "", version]
                + behaviour.words
        }
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.standardInput = Pipe()
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        // Python prints its port; openssl some lines, of which the one with `ACCEPT` ends in it.
        var printed = ""
        while port == 0 {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { throw CocoaError(.executableLoad) }
            printed += String(decoding: data, as: UTF8.self)
            let lines = printed.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            port = lines.lazy.compactMap { Int($0.split(separator: ":").last ?? "") }.first ?? 0
        }
    }

    // A child of the test runner has SIGTERM blocked, so nothing less ends it.
    deinit { kill(process.processIdentifier, SIGKILL) }

    func endpoint(_ address: String = "127.0.0.1") -> APIServerEndpoint {
        APIServerEndpoint(address: address, port: port)
    }

    private static let script = #"""
        import socket, ssl, sys, time

        address, certificate, key, client_cas, version, mode, text = sys.argv[1:]
        text = text.encode()
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        server = socket.socket(family, socket.SOCK_STREAM)
        server.bind((address, 0))
        server.listen(0 if mode == "stall-connect" else 16)
        held = []
        if mode == "stall-connect":
            # A full queue of connections that nobody takes: the kernel answers no more of them.
            for _ in range(4):
                s = socket.socket(family, socket.SOCK_STREAM)
                s.setblocking(False)
                s.connect_ex(server.getsockname())
                held.append(s)
            held[0].getpeername()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
        if client_cas:
            context.load_verify_locations(client_cas)
            context.verify_mode = ssl.CERT_OPTIONAL
        print(server.getsockname()[1], flush=True)
        while mode == "stall-connect":
            time.sleep(60)

        def request(stream):
            data = b""
            while b"\r\n\r\n" not in data:
                piece = stream.recv(65536)
                if not piece:
                    return data
                data += piece
            head, body = data.split(b"\r\n\r\n", 1)
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    while len(body) < int(line.split(b":")[1]):
                        body += stream.recv(65536)
            return head + b"\r\n\r\n" + body

        while True:
            raw, _ = server.accept()
            try:
                if mode == "stall-handshake":
                    held.append(raw)
                    continue
                if mode == "close":
                    raw.close()
                    continue
                if mode == "plain":
                    request_start = raw.recv(5)
                    raw.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTPS request to an HTTP server.\n")
                    raw.shutdown(socket.SHUT_WR)
                    while raw.recv(65536):
                        pass
                    raw.close()
                    continue
                stream = context.wrap_socket(raw, server_side=True)
                got = request(stream)
                if mode == "echo":
                    peer = stream.getpeercert() or {}
                    body = got + repr(peer.get("subject")).encode()
                    stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                elif mode == "drip":
                    stream.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                    while True:
                        stream.sendall(b".")
                        time.sleep(0.01)
                else:
                    stream.sendall(text)
                if mode == "stall":
                    held.append(stream)
                elif mode == "cut":
                    socket.socket.shutdown(stream, socket.SHUT_RDWR)
                    stream.close()
                else:
                    stream.unwrap()
                    stream.close()
            except OSError:
                raw.close()
        """#
}
