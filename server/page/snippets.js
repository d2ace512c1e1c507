// SPDX-License-Identifier: MIT
// Lines to copy for one tensor. Each leaves a file, or prints the SHA-256 that is shown.

export const LANGUAGES = [
  ["curl", "curl"], ["python", "Python"], ["javascript", "JavaScript"], ["c", "C"], ["command", "tensorinit"],
];

const quoted = (text) => `'${text.replace(/'/g, "'\\''")}'`;
const cText = (text) => text.replace(/\?\?/g, "?\\?");

export function fileName(name, format) {
  const stem = name.replace(/[^A-Za-z0-9._-]/g, "_").replace(/^[.-]+/, "") || "tensor";
  return `${stem}.${{ raw: "bin", npy: "npy", safetensors: "safetensors", json: "json" }[format]}`;
}

const READ_PYTHON = {
  npy: ["import numpy", "w = numpy.load(io.BytesIO(data))"],
  json: ["import json", "w = json.loads(data)"],
};

/** With 'token', the server wants one: the lines take it from the environment, as the C client's command does. */
export function lines(language, { server, query, parameters, file, format, token }) {
  const url = `${server}v1/tensor?${query}`;
  switch (language) {
    case "curl":
      return `curl -fsS ${token ? '-H "Authorization: Bearer $TENSORINIT_TOKEN" ' : ""}${quoted(url)} -o ${quoted(file)}\n` +
        `sha256sum ${quoted(file)}`;
    case "python": {
      const [load, read] = READ_PYTHON[format] ?? [null, null];
      return [`import hashlib, io, ${token ? "os, " : ""}urllib.request`, ...(load ? [load] : []), "",
        ...(token ? [`url = urllib.request.Request("${url}",`,
          '    headers={"Authorization": "Bearer " + os.environ["TENSORINIT_TOKEN"]})'] : [`url = "${url}"`]),
        "with urllib.request.urlopen(url, timeout=60) as response:",
        "    data = response.read()",
        ...(read ? [read] : []),
        "print(hashlib.sha256(data).hexdigest())"].join("\n");
    }
    case "javascript":
      return [`const url = "${url}";`,
        ...(token ? ["const headers = { Authorization: `Bearer ${process.env.TENSORINIT_TOKEN}` };"] : []),
        `const response = await fetch(url${token ? ", { headers }" : ""});`,
        "if (!response.ok) throw new Error((await response.json()).detail);",
        "const data = await response.arrayBuffer();",
        'const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));',
        'console.log(Array.from(digest, (b) => b.toString(16).padStart(2, "0")).join(""));'].join("\n");
    case "c":
      return ["// cc w.c $(pkg-config --cflags --libs tensorinit-client) -o w && ./w | sha256sum",
        "#include <stdio.h>", ...(token ? ["#include <stdlib.h>"] : []), "#include <tensorinit/client.h>", "",
        "int main(void) {",
        `    const char *server = "${server.replace(/\/$/, "")}";`,
        `    const char *query = "${cText(query)}";`,
        "    struct tic_request *request = NULL;",
        "    struct ti_error error;",
        "    int ok = tic_request_make(server, &request, &error) == TI_OK &&",
        ...(token ? ['             tic_request_text(request, TIC_TOKEN, getenv("TENSORINIT_TOKEN"), &error) == TI_OK &&'] : []),
        "             tic_request_set_query(request, query, &error) == TI_OK &&",
        "             tic_fetch_fd(request, 1, NULL, &error) == TI_OK;",
        '    if (!ok) fprintf(stderr, "%s\\n", error.text);',
        "    tic_request_free(request);",
        "    return !ok;", "}"].join("\n");
    case "command":
      return [`tensorinit get --server ${quoted(server.replace(/\/$/, ""))}`,
        ...[...parameters].map(([name, value]) => `    --${name}=${quoted(value)}`),
        `    --output ${quoted(file)}`].join(" \\\n") + `\nsha256sum ${quoted(file)}`;
    default:
      return "";
  }
}
