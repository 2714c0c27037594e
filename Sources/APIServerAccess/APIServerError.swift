// SPDX-License-Identifier: Apache-2.0
package struct APIServerError: Error { package enum Code: String, Sendable { case x }
 package let code: Code; package let hint: String? }
