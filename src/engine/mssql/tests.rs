//! Sessions over the wire.
