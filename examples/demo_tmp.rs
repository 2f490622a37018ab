fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    docketpost::demo::run(std::env::args().nth(1).as_deref().map(std::path::Path::new)).unwrap()
}
