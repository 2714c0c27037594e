// SPDX-License-Identifier: Apache-2.0

import Planning
import Secrets

/// What the command line asks for.
package struct RunRequest: Sendable {
    package var specFile: String?
    /// nil for a live run.
    package var root: String?
    /// What of `root` must be there before the run.
    package var needs = RootNeed.nothing
    package var state: String?
    package var baseUnitFile: String?
    /// `PATH=FILE` each: an environment file of the unit, and where it is on this machine.
    package var baseFiles: [String]
    /// Names of nodes, one each; empty for all.
    package var limit: [String]
    /// Of the state's private keys; nil where none was given.
    package var passphrase: SecretBytes?
    package var options: Planner.Options
    /// Names of control planes that may be unhealthy while another one is restarted.
    package var acceptsUnhealthy: [String]
    /// Where requests for people to sign go; nil for the folder in the state directory.
    package var requestFolder: String?

    package init(
        specFile: String? = nil, root: String? = nil, state: String? = nil, baseUnitFile: String? = nil,
        baseFiles: [String] = [], limit: [String] = [], passphrase: SecretBytes? = nil,
        options: Planner.Options = .init(),
        acceptsUnhealthy: [String] = []
    ) {
        self.acceptsUnhealthy = Self.names(acceptsUnhealthy)
        self.specFile = specFile
        self.root = root
        self.state = state
        self.baseUnitFile = baseUnitFile
        self.baseFiles = baseFiles
        self.limit = Self.names(limit)
        self.passphrase = passphrase
        self.options = options
        self.options.encryptsKeys = passphrase != nil
        self.options.root = root
    }

    /// One name each: `a,b` is `a` and `b`, since the name of a node has no comma.
    private static func names(_ values: [String]) -> [String] {
        values.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    }
}
