// SPDX-License-Identifier: MIT
//
// One tensor in Rust, by the standard library alone: its bytes go to standard output.
//
//     rustc -O fetch.rs && ./fetch [HOST:PORT]
use std::error::Error;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

fn weights(server: &str, query: &str) -> Result<Vec<f32>, Box<dyn Error>> {
    let mut stream = TcpStream::connect(server)?;
    write!(
        stream,
        "GET /v1/tensor?{query} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n"
    )?;
    let mut response = BufReader::new(stream);
    let mut line = String::new();
    response.read_line(&mut line)?;
    let status = line.trim().to_string();
    let mut length = None;
    loop {
        line.clear();
        response.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = Some(value.trim().parse::<usize>()?)
            }
            Some(_) => {}
            None => break,
        }
    }
    // A body that ends early is an error of read_exact().
    let mut body = vec![0; length.ok_or("no Content-Length")?];
    response.read_exact(&mut body)?;
    if !status.contains(" 200 ") {
        return Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into());
    }
    let numbers = body.chunks_exact(4);
    Ok(numbers.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
}

fn main() -> Result<(), Box<dyn Error>> {
    let server = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".to_string());
    let values = weights(&server, "shape=512,784&scheme=he_normal&seed=42&name=fc1.weight")?;
    eprintln!("{:?}", &values[..3]);
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    io::stdout().write_all(&bytes)?;
    Ok(())
}
