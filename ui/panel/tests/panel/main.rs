//! Tests.
use egui_kittest as _;
