// SPDX-License-Identifier: Apache-2.0

/// The templates of this folder (see `Template` for what is allowed in them), as they were when the program was built.
package enum UnitTemplates {
    /// A drop-in that replaces the unit's `ExecStart=`.
    package static var dropIn: String {
        String(decoding: PackageResources.dropin_conf_mustache, as: UTF8.self)
    }
    /// A drop-in that only sets `$AGGREGATION_FLAGS`.
    package static var environment: String {
        String(decoding: PackageResources.environment_conf_mustache, as: UTF8.self)
    }
    /// A whole kube-apiserver unit.
    package static var service: String {
        String(decoding: PackageResources.kube_apiserver_service_mustache, as: UTF8.self)
    }
    /// The service that renews what is due.
    package static var scheduleService: String {
        String(decoding: PackageResources.schedule_service_mustache, as: UTF8.self)
    }
    /// The timer of that service.
    package static var scheduleTimer: String {
        String(decoding: PackageResources.schedule_timer_mustache, as: UTF8.self)
    }
    /// The style sheet of `status --html`.
    package static var statusPageStyle: String {
        String(decoding: PackageResources.status_page_css, as: UTF8.self)
    }
}
