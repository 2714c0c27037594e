// SPDX-License-Identifier: Apache-2.0

/// What has a text of its own in a message.
package protocol MessageConvertible: CustomStringConvertible {
    var message: Message { get }
}

extension MessageConvertible {
    package var description: String { message.description }
}
