//! Egret's HTTP listener: TLS with reload, HTTP/1 and HTTP/2, and limits that a slow or greedy client meets.
