// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import OpenSSL
import Values

/// A TLS session over TCP; the socket is `TCPConnection`'s alone.
struct TLSConnection: ~Copyable {
    private let session: MemorySession
    private let tcp: TCPConnection
    private let context: TLSContext
    private let deadline: Deadline
    private let attempt: Attempt

    private init(
        owning session: consuming MemorySession, over tcp: consuming TCPConnection,
        context: consuming TLSContext, deadline: Deadline, attempt: Attempt
    ) {
        self.session = session
        self.tcp = tcp
        self.context = context
        self.deadline = deadline
        self.attempt = attempt
    }

    deinit {
        if SSL_is_init_finished(ssl) == 1 {
            ErrorQueue.clear()
            SSL_shutdown(ssl)
            ErrorQueue.clear()
            // A courtesy to a server that is still there.
            try? flush("end of the session")
        }
    }

    private var ssl: OpaquePointer { session.pointer }

    /// What the handshake has shown so far.
    var observer: HandshakeObserver { context.observer }

    /// Connects without a handshake.
    static func open(
        _ endpoint: APIServerEndpoint, _ trust: ServerTrust, _ identity: ClientIdentity?,
        _ timeouts: RequestTimeouts, _ attempt: Attempt
    ) throws(APIServerError) -> TLSConnection {
        let deadline = Deadline(in: timeouts.total)
        let context = try TLSContext.client(endpoint, trust, identity, attempt)
        let tcp = try TCPConnection.open(endpoint, connect: timeouts.connect, deadline: deadline, attempt)
        guard let session = MemorySession(context) else {
            throw attempt.error(.tls, ErrorQueue.drained() ?? "no TLS session")
        }
        let connection = TLSConnection(
            owning: session, over: tcp, context: context, deadline: deadline, attempt: attempt)
        connection.setServerName(endpoint.address)
        return connection
    }

    /// Names the host in the handshake (RFC 6066 section 3: DNS names only).
    private func setServerName(_ name: String) {
        let octets = a2i_IPADDRESS(name)
        defer { ASN1_OCTET_STRING_free(octets) }
        ErrorQueue.clear()
        guard octets == nil else { return }
        name.withCString {
            _ = SSL_ctrl(
                ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name),
                UnsafeMutableRawPointer(mutating: $0))
        }
    }

    /// Runs the handshake; the server has proved to be the trusted one when this returns.
    func handshake() throws(APIServerError) {
        let phase: Message = "TLS handshake"
        while true {
            ErrorQueue.clear()
            let result = SSL_connect(ssl)
            if result == 1 { return try flush(phase) }
            let reason = SSL_get_error(ssl, result)
            let text = ErrorQueue.drained() ?? "the handshake failed"
            if reason == SSL_ERROR_WANT_READ {
                try flush(phase)
                guard try feed(phase) else {
                    throw attempt.error(.tls, "the server closed the connection during the handshake")
                }
                continue
            }
            // Tells the server why, if it listens.
            try? flush(phase)
            if let distrust = observer.distrust {
                throw attempt.error(
                    .trust, distrust,
                    hint: "another server answers at this address, or its certificate was replaced")
            }
            let plain = ["wrong version number", "http request"].contains { text.description.contains($0) }
            throw attempt.error(
                .tls, text,
                hint: plain
                    ? "the program that listens there may not speak TLS: check that this is the secure port"
                    : nil
            )
        }
    }

    func send(_ bytes: [UInt8]) throws(APIServerError) {
        ErrorQueue.clear()
        guard SSL_write(ssl, bytes, Int32(clamping: bytes.count)) == Int32(clamping: bytes.count) else {
            throw attempt.error(.tls, ErrorQueue.drained() ?? "the request could not be encrypted")
        }
        try flush("sending of the request")
    }

    enum Received {
        case bytes([UInt8])
        /// The server said that it has no more to say.
        case end
        /// The connection broke off: somebody may have cut the answer short.
        case cut
    }

    /// The next piece of what the server sends.
    func receive() throws(APIServerError) -> Received {
        let phase: Message = "answer"
        while true {
            ErrorQueue.clear()
            var result: Int32 = 0
            let bytes = session.read(&result)
            if result > 0 { return .bytes(bytes) }
            let reason = SSL_get_error(ssl, result)
            let text = ErrorQueue.drained() ?? "the session broke"
            switch reason {
            case SSL_ERROR_ZERO_RETURN: return .end
            case SSL_ERROR_WANT_READ:
                try flush(phase)
                guard try feed(phase) else { return .cut }
            default: throw attempt.error(.tls, text)
            }
        }
    }

    /// Sends what OpenSSL wants sent.
    private func flush(_ phase: Message) throws(APIServerError) {
        let bytes = session.output()
        if !bytes.isEmpty { try tcp.send(bytes, deadline, phase: phase) }
    }

    /// Gives OpenSSL what has arrived.
    ///
    /// - Returns: false once the other side has closed.
    private func feed(_ phase: Message) throws(APIServerError) -> Bool {
        let bytes = try tcp.receive(deadline, phase: phase)
        guard !bytes.isEmpty else { return false }
        guard session.feed(bytes) else { throw attempt.error(.tls, "no memory") }
        return true
    }
}
