//! What the smoke tests of definitions ask for, and how one is run: see `images/catalog/smoke/README.md`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use assemble::SmokeTest;

use crate::docker::Docker;
use crate::harness::run as must;

/// The binaries, the private CA and its server.
pub(crate) struct Harness {
    folder: PathBuf,
    files: PathBuf,
    port: u16,
    server: Child,
}

impl Harness {
    /// Compiles the binaries, makes the CA, starts the server.
    pub(crate) fn start(folder: &Path) -> Self {
        let folder = folder.join("smoke");
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../images/catalog/smoke").canonicalize().unwrap();
        fs::create_dir_all(folder.join("bin")).unwrap();
        compile(&files, &folder);
        make_certificates(&folder);
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = serve(&folder, port);
        Self { folder, files, port, server }
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn compile(files: &Path, folder: &Path) {
    let source = |name: &str| files.join(name).display().to_string();
    let output = |name: &str| folder.join("bin").join(name).display().to_string();
    must("cc", &["-static", "-O2", "-o", &output("static"), &source("static.c")]);
    must("cc", &["-O2", "-pthread", "-o", &output("glibc"), &source("glibc.c"), "-ldl"]);
    must("c++", &["-std=c++17", "-O2", "-pthread", "-fopenmp", "-o", &output("cxx"), &source("cxx.cpp")]);
    let classes = folder.join("classes").display().to_string();
    let sources: Vec<String> =
        fs::read_dir(files.join("java")).unwrap().map(|entry| entry.unwrap().path().display().to_string()).collect();
    let options = ["--release", "17", "-encoding", "UTF-8", "-d", &classes];
    must("javac", &options.into_iter().chain(sources.iter().map(String::as_str)).collect::<Vec<_>>());
    must("jar", &["--create", "--file", &output("smoke.jar"), "-C", &classes, "."]);
}

/// A CA and a certificate for `localhost`, both with the key usages and identifiers that strict clients want.
fn make_certificates(folder: &Path) {
    let path = |name: &str| folder.join(name).display().to_string();
    fs::write(folder.join("server.cnf"), SERVER_EXTENSIONS).unwrap();
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    let (ca, ca_key) = (path("ca.pem"), path("ca.key"));
    let usage = ["-addext", "keyUsage=critical,keyCertSign,cRLSign", "-subj", "/CN=Smoke CA"];
    let mut root = vec!["req", "-x509", "-days", "30", "-keyout", &ca_key, "-out", &ca];
    root.extend(key.into_iter().chain(usage));
    must("openssl", &root);
    let (server_key, request) = (path("server.key"), path("server.csr"));
    let mut ask = vec!["req", "-subj", "/CN=localhost", "-keyout", &server_key, "-out", &request];
    ask.extend(key);
    must("openssl", &ask);
    let (server, extensions) = (path("server.pem"), path("server.cnf"));
    let sign = ["x509", "-req", "-days", "30", "-in", &request, "-CA", &ca, "-CAkey", &ca_key, "-CAcreateserial"];
    must("openssl", &sign.into_iter().chain(["-extfile", &extensions, "-out", &server]).collect::<Vec<_>>());
}

const SERVER_EXTENSIONS: &str = "subjectAltName=DNS:localhost,IP:127.0.0.1\nkeyUsage=critical,digitalSignature\n\
    extendedKeyUsage=serverAuth\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\nbasicConstraints=CA:FALSE\n";

/// Answers every request with 200, many at a time; a handshake that fails ends only itself.
const SERVER: &str = r#"
import http.server, ssl, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("server.pem", "server.key")
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
"#;

fn serve(folder: &Path, port: u16) -> Child {
    Command::new("python3")
        .args(["-c", SERVER, &port.to_string()])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Runs one smoke test; says what went wrong.
pub(crate) fn run(docker: &Docker, harness: &Harness, reference: &str, test: &SmokeTest) -> Option<String> {
    let folder = harness.folder.display();
    let mut command = docker.command(&["run", "--rm", "--read-only", "--network", "host", "--cap-drop", "ALL"]);
    command.args(["--security-opt", "no-new-privileges", "--tmpfs", "/tmp:mode=1777", "--tmpfs", "/var/tmp:mode=1777"]);
    command.args(["--tmpfs", "/run/lock:mode=1777", "--tmpfs", "/home/nonroot:uid=65532,gid=65532,mode=700"]);
    command.args(["-v", &format!("{}:/smoke/files:ro", harness.files.display())]);
    command.args(["-v", &format!("{folder}/bin:/smoke/bin:ro"), "-v", &format!("{folder}/ca.pem:/smoke/ca.pem:ro")]);
    command.args(["-e", &format!("SMOKE_URL=https://localhost:{}/", harness.port)]);
    for (name, value) in &test.environment {
        command.args(["-e", &format!("{name}={value}")]);
    }
    let mut arguments = test.entrypoint.clone().unwrap_or_default();
    if !arguments.is_empty() {
        command.args(["--entrypoint", &arguments.remove(0)]);
    }
    let output = command.arg(reference).args(arguments).args(&test.command).output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let good = output.status.success() && stdout.contains(&test.expect);
    (!good).then(|| format!("{reference}: {}: {}\n{stdout}{stderr}", test.name, output.status))
}
