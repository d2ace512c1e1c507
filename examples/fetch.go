// SPDX-License-Identifier: MIT

// One tensor in Go: its bytes go to standard output. go run fetch.go [SERVER]
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
)

func weights(server, name string, rows, columns int) ([]float32, error) {
	query := url.Values{
		"shape": {fmt.Sprintf("%d,%d", rows, columns)}, "scheme": {"he_normal"},
		"seed": {"42"}, "name": {name},
	}
	response, err := http.Get(server + "/v1/tensor?" + query.Encode())
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		problem, _ := io.ReadAll(response.Body)
		return nil, fmt.Errorf("%s: %s", response.Status, problem)
	}
	values := make([]float32, rows*columns)
	// A body that ends early is an error of Read.
	err = binary.Read(bufio.NewReader(response.Body), binary.LittleEndian, values)
	return values, err
}

func main() {
	server := "http://127.0.0.1:8080"
	if len(os.Args) > 1 {
		server = os.Args[1]
	}
	values, err := weights(server, "fc1.weight", 512, 784)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprintln(os.Stderr, values[:3])
	if err := binary.Write(os.Stdout, binary.LittleEndian, values); err != nil {
		log.Fatal(err)
	}
}
