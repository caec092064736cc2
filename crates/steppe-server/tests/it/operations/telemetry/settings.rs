//! Settings that are refused, before anything is set up.

use steppe_server::operations::{
    OperationsError,
    telemetry::{Service, TelemetrySettings, start},
};
use steppe_server::settings::LogFormat;

fn refusal(log: &str, traces: Option<&str>) -> OperationsError {
    let settings = TelemetrySettings {
        service: Service::Worker,
        instance: "w".to_owned(),
        log: log.to_owned(),
        format: LogFormat::Text,
        traces: traces.map(str::to_owned),
    };
    start(&settings).expect_err("it can not be read")
}

#[test]
fn filters_are_checked() {
    for log in ["", "loud", "info,loud", "info,,warn", "steppe", "info,steppe=loud", "steppe=info=warn"] {
        let error = refusal(log, None);
        assert!(matches!(error, OperationsError::LogFilter { .. }), "{log}: {error:?}");
    }
}

#[test]
fn addresses_are_checked_and_not_repeated() {
    let refused = [
        ("", "is no URL"),
        ("collector", "does not begin with http://"),
        ("collector:4317", "does not begin with http://"),
        ("ftp://collector", "does not begin with http://"),
        ("https://collector:4317", "asks for TLS"),
        ("http://user:s3cret@collector:4317", "has a user in it"),
        ("http://collector:4317/s3cret", "has a path"),
        ("http://collector:4317/?token=s3cret", "has a path"),
    ];
    for (address, problem) in refused {
        let text = refusal("info", Some(address)).to_string();
        assert!(text.contains(problem) && !text.contains("s3cret"), "{address}: {text}");
    }
}
