//! Sparkplug's payload, as far as it is read.
//!
//! Data sets, templates and extensions are bytes here: nothing reads what is in them.
//!
//! # Source
//! Sparkplug 3.0.0, section 6.4, "Payload representation".

use prost::{Message, Oneof};

/// What a node or a device says.
#[derive(Clone, PartialEq, Message)]
pub struct Payload {
    /// When it was sent, in milliseconds since the epoch.
    #[prost(uint64, optional, tag = "1")]
    pub timestamp: Option<u64>,
    /// What it says.
    #[prost(message, repeated, tag = "2")]
    pub metrics: Vec<Metric>,
    /// The message's number, 0 to 255 and over again.
    #[prost(uint64, optional, tag = "3")]
    pub seq: Option<u64>,
    /// What `body` is.
    #[prost(string, optional, tag = "4")]
    pub uuid: Option<String>,
    /// A payload in another form.
    #[prost(bytes = "vec", optional, tag = "5")]
    pub body: Option<Vec<u8>>,
}

/// One thing that is said.
#[derive(Clone, PartialEq, Message)]
pub struct Metric {
    /// Its name; in births always.
    #[prost(string, optional, tag = "1")]
    pub name: Option<String>,
    /// A number for the name, given by the birth.
    #[prost(uint64, optional, tag = "2")]
    pub alias: Option<u64>,
    /// When it was so, in milliseconds since the epoch.
    #[prost(uint64, optional, tag = "3")]
    pub timestamp: Option<u64>,
    /// What kind of value it has; in births always.
    #[prost(uint32, optional, tag = "4")]
    pub datatype: Option<u32>,
    /// Whether it was stored and is sent late.
    #[prost(bool, optional, tag = "5")]
    pub is_historical: Option<bool>,
    /// Whether it has no value.
    #[prost(bool, optional, tag = "7")]
    pub is_null: Option<bool>,
    /// What is said about it.
    #[prost(message, optional, tag = "9")]
    pub properties: Option<PropertySet>,
    /// Its value.
    #[prost(oneof = "Value", tags = "10, 11, 12, 13, 14, 15, 16, 17, 18, 19")]
    pub value: Option<Value>,
}

/// A value; signed whole numbers are carried as unsigned ones, by their bits.
#[derive(Clone, PartialEq, Oneof)]
pub enum Value {
    /// Up to 32 bits.
    #[prost(uint32, tag = "10")]
    Int(u32),
    /// Up to 64 bits.
    #[prost(uint64, tag = "11")]
    Long(u64),
    /// A short floating-point number.
    #[prost(float, tag = "12")]
    Float(f32),
    /// A long one.
    #[prost(double, tag = "13")]
    Double(f64),
    /// A truth.
    #[prost(bool, tag = "14")]
    Boolean(bool),
    /// A text.
    #[prost(string, tag = "15")]
    String(String),
    /// Bytes, a file, or an array.
    #[prost(bytes, tag = "16")]
    Bytes(Vec<u8>),
    /// A table.
    #[prost(bytes, tag = "17")]
    DataSet(Vec<u8>),
    /// A thing with metrics of its own.
    #[prost(bytes, tag = "18")]
    Template(Vec<u8>),
    /// Something else.
    #[prost(bytes, tag = "19")]
    Extension(Vec<u8>),
}

/// What is said about a metric: keys and values side by side.
#[derive(Clone, PartialEq, Message)]
pub struct PropertySet {
    /// Names.
    #[prost(string, repeated, tag = "1")]
    pub keys: Vec<String>,
    /// What each is.
    #[prost(message, repeated, tag = "2")]
    pub values: Vec<PropertyValue>,
}

/// One thing that is said about a metric.
#[derive(Clone, Copy, PartialEq, Message)]
pub struct PropertyValue {
    /// What kind of value it has.
    #[prost(uint32, optional, tag = "1")]
    pub datatype: Option<u32>,
    /// A whole number.
    #[prost(uint32, optional, tag = "3")]
    pub int_value: Option<u32>,
}
