//! Files on their way in and out, against the world outside: a virus scanner that answers, finds, and is not there; and
//! the process in which a stranger's PDF is drawn, with what it must not do.

use std::io::{Cursor, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use docketpost::inbound::parse::Attachment;
use docketpost::outbound::preview::{self, Drawing, Kind, Picture};
use docketpost::store::Tx;
use docketpost::store::documents::{NewDocument, NewVersion};
use zip::write::SimpleFileOptions;

use crate::golden::{Outside, block_on, folder};
use crate::scenes::{Begins, Stage};
use crate::servers::clamd::{self, Clamd};
use crate::servers::wait_until;

/// A scanner that finds whatever has EICAR in it.
fn scanner(socket: &Path) {
    let listener = UnixListener::bind(socket).unwrap();
    std::thread::spawn(move || {
        for line in listener.incoming() {
            let mut line = line.unwrap();
            let (mut heard, mut length) = (vec![0; 10], [0; 4]);
            line.read_exact(&mut heard).unwrap();
            assert_eq!(heard, b"zINSTREAM\0");
            loop {
                line.read_exact(&mut length).unwrap();
                let length = u32::from_be_bytes(length) as usize;
                if length == 0 {
                    break;
                }
                let mut chunk = vec![0; length];
                line.read_exact(&mut chunk).unwrap();
                heard.extend(chunk);
            }
            let found = heard.windows(5).any(|w| w == b"EICAR");
            let answer: &[u8] = if found { b"stream: Eicar-Test-Signature FOUND\0" } else { b"stream: OK\0" };
            line.write_all(answer).unwrap();
        }
    });
}

/// Shows DOC-05.
#[test]
fn no_file_is_filed_that_the_scanner_has_not_passed() {
    block_on(async {
        let outside = Outside::new();
        let place = tempfile::tempdir().unwrap();
        let socket = place.path().join("clamd.ctl");
        let settings = [format!("clamd.socket = {socket:?}")];
        let mut stage = Stage::set(&outside, Begins::Working, &settings).await;

        let told = stage.play("jane writes to m-1: Draft", "@attach Draft.txt: the draft").await;
        assert!(!told.contains("applied") && !told.contains("To "), "while the scanner is away the mail waits: {told}");
        let told = stage.play("after 2 hours", "").await;
        assert!(told.contains("Q-2 held (NOT_SCANNED)"), "{told}");
        assert!(told.contains("To anna.smith@hale.example: Held mail Q-2"), "{told}");
        assert!(told.contains("could not be checked for viruses yet"), "{told}");
        let told = stage.play("firm: inbox release Q-2", "").await;
        assert!(!told.contains("+ D-"), "a release does not let it pass: {told}");

        scanner(&socket);
        let told = stage.play("firm: inbox release Q-2", "").await;
        assert!(told.contains("Q-2 applied") && told.contains("+ D-3 \"Draft.txt\""), "{told}");

        let typed = "@attach Good.txt: fine\n@attach Invoice.txt: EICAR";
        let told = stage.play("jane writes to m-1: Two", typed).await;
        assert!(told.contains("+ D-4 \"Good.txt\"") && !told.contains("+ D-5"), "{told}");
        assert!(
            told.contains("Invoice.txt") && told.contains("the virus scanner found Eicar-Test-Signature"),
            "{told}"
        );
        assert!(told.contains("To anna.smith@hale.example: A virus in a mail from Jane Roe"), "{told}");
        assert!(!stage.has_blob(b"EICAR"), "what is infected is not kept as a file");
    });
}

/// Shows DOC-05.
#[test]
fn a_real_clamd_keeps_viruses_out_of_mails_and_of_the_firms_own_files() {
    block_on(async {
        let (outside, clamd) = (Outside::new(), Clamd::start());
        let settings = [format!("clamd.socket = {:?}", clamd.socket)];
        let mut stage = Stage::set(&outside, Begins::Working, &settings).await;
        let found = format!("the virus scanner found {} in it", clamd::FOUND);

        let typed = format!("@attach Draft.txt: the draft\n@attach Invoice.txt: {}", clamd::eicar());
        let told = stage.play("jane writes to m-1: Two files", &typed).await;
        assert!(told.contains("+ D-3 \"Draft.txt\"") && !told.contains("+ D-4"), "{told}");
        assert!(told.contains(&found) && told.contains("A virus in a mail from Jane Roe"), "{told}");

        let place = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = place.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path.display().to_string()
        };
        let (good, bad) = (write("Lease.txt", b"the lease"), write("Bad.txt", clamd::eicar().as_bytes()));
        let long = write("Long.txt", &vec![b'x'; clamd::LONGEST + 1]);
        let told = stage.play(&format!("firm: document add M-1 {good}"), "").await;
        assert!(told.contains("Lease.txt is D-4."), "{told}");
        let told = stage.play(&format!("firm: document add M-1 {bad}"), "").await;
        assert!(told.contains(&format!("Bad.txt: not filed: {found}")), "{told}");
        let told = stage.play(&format!("firm: document version D-4 {bad}"), "").await;
        assert!(told.contains(&found), "{told}");
        let told = stage.play(&format!("firm: document add M-1 {long}"), "").await;
        assert!(told.contains("not filed: the virus scanner gave no verdict"), "{told}");

        write("documents.csv", b"id,matter,name,path\n1,M-1,Lease again,Lease.txt\n2,M-1,Bad,Bad.txt\n");
        let told = stage.play(&format!("firm: import {}", place.path().join("documents.csv").display()), "").await;
        assert!(told.contains(&found), "{told}");
        assert!(told.contains("+ D-5") && !told.contains("+ D-6"), "{told}");
        assert!(!stage.has_blob(clamd::eicar().as_bytes()), "what is infected is not kept as a file");
    });
}

/// Files documents of these sizes, as their rows say it; what is really in them is short.
fn file_large(stage: &Stage<'_>, sizes: &'static [u64]) {
    let office = &stage.office;
    let (firm, anna, matter, folder, now) =
        (office.firm.id, office.anna, office.matter.id, office.folder.id, stage.now);
    let sha256 = office.store.blobs().put(b"a recording").unwrap();
    let job = move |tx: &Tx<'_>| {
        for (number, size) in (1..).zip(sizes) {
            let name = format!("Recording {number}.wav");
            let first = NewVersion {
                filename: name.clone(),
                size: *size,
                content_type: "audio/x-wav".into(),
                sha256: sha256.clone(),
                creator: anna,
                inbox: None,
            };
            let new = NewDocument { matter, folder: Some(folder), name, category: String::new(), first };
            tx.add_document(firm, &new, now)?;
        }
        Ok(())
    };
    office.store.write(job).unwrap();
}

/// Shows DOC-03.
#[test]
fn what_one_mail_cannot_carry_comes_in_several_and_what_none_can_is_refused_with_its_size() {
    block_on(async {
        let outside = Outside::new();
        let mut stage = Stage::set(&outside, Begins::Working, &[]).await;
        file_large(&stage, &[12_000_000, 12_000_000, 31_000_000]);
        let told = stage.play("jane writes to the gateway: The folder", "#get F-1").await;
        assert!(told.contains("F-1 comes in 2 mails, because one can't carry it all."), "{told}");
        for (part, inside, not) in
            [(1, "Recording 1.wav, 12.0 MB", "Recording 2"), (2, "Recording 2.wav", "Recording 1")]
        {
            let begin = told.find(&format!("To jane@roe.example: Folder F-1: Pleadings ({part} of 2)")).unwrap();
            let mail = told[begin..].split("\nTo ").next().unwrap();
            assert!(mail.contains(&format!("[file \"Pleadings ({part} of 2).zip\", application/zip]")), "{mail}");
            assert!(mail.contains(inside) && !mail.contains(not), "{mail}");
        }
        assert_eq!(told.matches("[file ").count(), 2, "{told}");
        assert!(told.contains("D-5 is too large for any mail (31.0 MB)"), "{told}");

        let told = stage.play("jane writes to the gateway: One", "#get D-5").await;
        assert!(told.contains("The file has 31.0 MB; a mail can carry 20.0 MB. Ask Anna Smith"), "{told}");
        let told = stage.play("jane writes to the gateway: Two", "#get D-3 D-4").await;
        assert!(told.contains("D-3 and D-4 come in 2 mails"), "{told}");
        assert!(told.contains("[file \"Recording 1.wav\"") && told.contains("(2 of 2)"), "{told}");
    });
}

fn draw(program: &Path, bytes: &[u8]) -> Option<Picture> {
    let drawing = Drawing { program: env!("CARGO_BIN_EXE_docketpost").into(), pdftoppm: Some(program.to_owned()) };
    block_on(preview::draw(&drawing, Kind::Pdf, bytes))
}

/// A program in the place of the renderer: it draws something if `condition` holds where it runs.
fn claims(place: &Path, name: &str, condition: &str) -> PathBuf {
    let program = place.join(name);
    let picture: String =
        std::fs::read(folder().join("documents/quay.png")).unwrap().iter().map(|b| format!("\\x{b:02x}")).collect();
    let script = format!("#!/bin/bash\nif {condition}; then printf '{picture}'; fi\n");
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    program
}

#[test]
fn t65_a_pdf_is_drawn_without_network_and_with_little_time_and_memory() {
    let place = tempfile::tempdir().unwrap();
    let does = |name: &str, condition: &str| draw(&claims(place.path(), name, condition), b"%PDF-").is_some();
    assert!(does("draws", "true") && !does("fails", "false"), "what follows tells something");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    assert!(!does("calls", &format!("exec 3<>/dev/tcp/127.0.0.1/{port}")), "it has no network");
    assert!(does("limits", r#"[ "$(ulimit -t) $(ulimit -v) $(ulimit -c) $(ulimit -n)" = "10 786432 0 32" ]"#));
    assert!(does("knows", r#"[ -z "$HOME$USER" ] && [ "$PWD" = / ]"#), "nor our environment");

    let ours = place.path().join("reply.key");
    std::fs::write(&ours, "secret").unwrap();
    let ours = ours.display();
    for (name, deed) in [
        ("cuts", format!(": > {ours}")),
        ("appends", format!("echo x >> {ours}")),
        ("moves", format!("/bin/mv {ours} {ours}2")),
        ("removes", format!("/bin/rm -f {ours}")),
        ("makes", format!(": > {ours}3")),
        ("links", format!("/bin/ln {ours} {ours}4")),
        ("opens", format!("/bin/chmod 644 {ours}")),
        ("dates", format!("/usr/bin/touch -d 2001-01-01 {ours}")),
    ] {
        assert!(!does(name, &deed), "it {name} a file");
    }
    assert_eq!(std::fs::read_to_string(place.path().join("reply.key")).unwrap(), "secret");
    let mut other = Command::new("sleep").arg("600").spawn().unwrap();
    let pid = other.id();
    for (name, deed) in [
        ("ends", format!("kill -9 {pid}")),
        ("slows", format!("/usr/bin/renice -n 19 -p {pid}")),
        ("wakes", format!("/usr/bin/perl -e 'exit(!fcntl(STDIN, 8, {pid}))'")),
        ("starves", format!("/usr/bin/prlimit --pid {pid} --nofile=3")),
    ] {
        assert!(!does(name, &deed), "it {name} another process");
    }
    assert_eq!(other.try_wait().unwrap(), None);
    other.kill().unwrap();
    other.wait().unwrap();
    // Kernels with x32 know each call by a second number.
    #[cfg(target_arch = "x86_64")]
    assert!(
        does("asks", "/usr/bin/perl -e 'syscall(0x40000000 | 39); exit($! != 13)'"),
        "its second number is refused"
    );
    assert_eq!(
        std::fs::read_dir(place.path())
            .unwrap()
            .filter(|f| f.as_ref().unwrap().path().to_string_lossy().contains("key"))
            .count(),
        1
    );
    let reads = |file: &str| does("reads", &format!("[ -n \"$(< {file})\" ]"));
    assert!(reads("/usr/bin/pdftoppm"), "programs and libraries are there to be read");
    match reads("/etc/passwd") {
        true => println!("this kernel has no Landlock: what the service's user may read, a renderer can read"),
        false => assert!(!reads(&ours.to_string()), "it reads what is not for it"),
    }
    // Bytes behind the mark of a picture are none.
    let smuggles = place.path().join("smuggles");
    std::fs::write(&smuggles, "#!/bin/bash\nprintf '\\x89PNG\\r\\n\\x1a\\nsecret'\n").unwrap();
    std::fs::set_permissions(&smuggles, std::fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(draw(&smuggles, b"%PDF-"), None);
}

#[test]
fn t65_what_is_no_pdf_or_a_hostile_one_has_no_preview() {
    let program = Path::new("/usr/bin/pdftoppm");
    let order = std::fs::read(folder().join("documents/order.pdf")).unwrap();
    let picture = draw(program, &order).unwrap();
    assert_eq!((picture.mime(), picture.ending()), ("image/png", "png"));
    let deep = [&b"%PDF-1.4\n1 0 obj\n"[..], &b"[".repeat(200_000), b"\nendobj\ntrailer<</Root 1 0 R>>"].concat();
    for (name, bytes) in [("no PDF", b"hello".to_vec()), ("deep", deep), ("cut off", order[..200].to_vec())] {
        assert_eq!(draw(program, &bytes), None, "{name}");
    }
    // A page as large as a town is small in its picture, or has none.
    let page = String::from_utf8_lossy(&order).replace("595 842", "99999999 99999999").into_bytes();
    assert!(draw(program, &page).is_none_or(|p| p.bytes.len() < 4_000_000));
}

#[test]
fn t63_the_process_that_reads_pictures_has_its_limits_before_it_reads_a_byte() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_docketpost"))
        .args([preview::COMMAND, "picture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let about = |file: &str| std::fs::read_to_string(format!("/proc/{}/{file}", child.id())).unwrap_or_default();
    let has = |line: &str, most: &str| {
        let limits = about("limits");
        let found = limits.lines().find(|l| l.starts_with(line)).unwrap_or_default().to_owned();
        found.split_whitespace().any(|w| w == most)
    };
    wait_until("the system calls are filtered", Duration::from_secs(30), || {
        let status = about("status");
        status.lines().any(|l| l.split_whitespace().eq(["Seccomp:", "2"])).then_some(())
    });
    assert!(has("Max open files", "3") && has("Max cpu time", "10"));
    assert!(has("Max file size", "0") && has("Max address space", "805306368"));
    let png = std::fs::read(folder().join("documents/quay.png")).unwrap();
    child.stdin.take().unwrap().write_all(&png).unwrap();
    let drawn = child.wait_with_output().unwrap();
    assert!(drawn.status.success() && drawn.stdout.starts_with(b"\x89PNG"));
    assert!(!drawn.stdout.windows(7).any(|w| w == b"Elm Row"), "what the picture said of its author is gone");
}

const JANE: &str = "jane@roe.example";

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// What comes to Jane when she asks for this, as files.
async fn files_of(stage: &mut Stage<'_>, asks: &str) -> Vec<Attachment> {
    stage.play("jane writes to the gateway: Files", asks).await;
    stage.last_to(JANE).attachments.clone()
}

/// The numbers of the documents that were filed.
fn filed(told: &str) -> Vec<String> {
    told.lines().filter_map(|l| l.strip_prefix("+ D-")).map(|l| format!("D-{}", l.split(' ').next().unwrap())).collect()
}

/// An external entity, entities of entities, and an element of 800,000 attributes.
fn hostile_xml(port: u16) -> Vec<(&'static str, Vec<u8>)> {
    let external = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE d [<!ENTITY % far SYSTEM \"http://127.0.0.1:{port}/x.dtd\">%far;\
         <!ENTITY near SYSTEM \"file:///etc/passwd\">]><d>&near;</d>"
    );
    let doubled: String = (1..40).map(|n| format!("<!ENTITY e{n} \"&e{0};&e{0};\">", n - 1)).collect();
    let entities = format!("<?xml version=\"1.0\"?><!DOCTYPE d [<!ENTITY e0 \"boom\">{doubled}]><d>&e39;</d>");
    let attributes: String = (0..800_000).map(|n| format!(" a{n}=''")).collect();
    vec![
        ("external", external.into_bytes()),
        ("entities", entities.into_bytes()),
        ("attributes", format!("<?xml version=\"1.0\"?><d{attributes}/>").into_bytes()),
        ("not even XML", b"\0\xff<<<]]>".to_vec()),
    ]
}

/// Office files are filed by the names inside them, and come back byte for byte: what stands in their XML nobody reads, so
/// that it makes no difference whatever it is.
#[test]
fn t64_no_xml_of_an_office_file_is_ever_opened() {
    let lock = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).unwrap();
    let reads_xml = |l: &&str| l.starts_with("name = \"") && ["xml", "calamine", "docx"].iter().any(|x| l.contains(x));
    assert_eq!(lock.lines().find(reads_xml), None, "nothing that is built in reads XML");
    block_on(async {
        let far = TcpListener::bind("127.0.0.1:0").unwrap();
        far.set_nonblocking(true).unwrap();
        let place = tempfile::tempdir().unwrap();
        let outside = Outside::new();
        let mut stage = Stage::set(&outside, Begins::Working, &[]).await;
        for (what, xml) in hostile_xml(far.local_addr().unwrap().port()) {
            for (ending, part, kind) in [
                ("docx", "word/document.xml", "wordprocessingml.document"),
                ("xlsx", "xl/workbook.xml", "spreadsheetml.sheet"),
            ] {
                let bytes = zipped(&[("[Content_Types].xml", &xml), (part, &xml), ("docProps/core.xml", &xml)]);
                let name = format!("{}.{ending}", what.replace(' ', "-"));
                let path = place.path().join(&name);
                std::fs::write(&path, &bytes).unwrap();
                let told =
                    stage.play("jane writes to m-1: Draft", &format!("@attach {name} = {}", path.display())).await;
                let [document] = filed(&told).try_into().unwrap_or_else(|_| panic!("{name}: {told}"));
                assert!(stage.has_blob(&bytes) && !told.contains("root:") && !told.contains("boom"), "{told}");
                let files = files_of(&mut stage, &format!("#get {document}")).await;
                let [file] = files.as_slice() else { panic!("{name}: {}", files.len()) };
                assert!(file.bytes == bytes && file.mime.ends_with(kind), "{name}: {}", file.mime);
                let told = stage.play("jane writes to the gateway: See", &format!("#preview {document}")).await;
                assert!(told.contains("Only PDFs, pictures and plain texts have a preview."), "{told}");
                assert!(!told.contains("[file ") && !told.contains("root:"), "{told}");
            }
            // In a zip that is unpacked they are files like any other.
            let inner = zipped(&[("[Content_Types].xml", &xml), ("word/document.xml", &xml)]);
            let path = place.path().join("outer.zip");
            std::fs::write(&path, zipped(&[(&format!("{}.docx", what.replace(' ', "-")), &inner)])).unwrap();
            let typed = format!("#unzip\n@attach outer-{}.zip = {}", what.replace(' ', "-"), path.display());
            let told = stage.play("jane writes to m-1: All", &typed).await;
            assert!(!filed(&told).is_empty() && stage.has_blob(&inner), "{told}");
        }
        assert!(far.accept().is_err(), "nothing was fetched");
    });
}

/// What could run in a browser leaves as bytes to be saved, one by one, in the zip of a folder, and in no preview.
#[test]
fn t69_a_page_or_a_drawing_with_a_script_comes_back_as_an_attachment_only() {
    let svg = "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>";
    let page = "<!DOCTYPE html><html><body><script>alert(1)</script></body></html>";
    let active = [
        ("drawing.svg", svg),
        ("page.html", page),
        ("page.htm", page),
        ("page.xhtml", page),
        ("data.xml", "<?xml version='1.0'?><?xml-stylesheet href='javascript:alert(1)'?><x>alert(1)</x>"),
        ("Brief.pdf", page),
        ("Plan.png", svg),
        ("notes", page),
    ];
    block_on(async {
        let outside = Outside::new();
        let place = tempfile::tempdir().unwrap();
        let mut stage = Stage::set(&outside, Begins::Working, &[]).await;
        let mut documents = Vec::new();
        for (name, text) in active {
            // From co-counsel by mail, and from the firm into the folder that is shared; no two are the same.
            for by in ["jane", "anna"] {
                let (name, text) = (format!("{by}-{name}"), format!("{text}<!-- {by} {name} -->"));
                let path = place.path().join(&name);
                std::fs::write(&path, &text).unwrap();
                let told = match by {
                    "jane" => {
                        let typed = format!("@attach {name} = {}", path.display());
                        stage.play(&format!("jane writes to m-1: {name}"), &typed).await
                    }
                    _ => stage.play(&format!("firm: document add M-1 {} --folder F-1", path.display()), "").await,
                };
                let [document] = filed(&told).try_into().unwrap_or_else(|_| panic!("{name}: {told}"));
                documents.push((document, text));
            }
        }
        for (document, text) in &documents {
            let files = files_of(&mut stage, &format!("#get {document}")).await;
            let [file] = files.as_slice() else { panic!("{document}: {} files", files.len()) };
            assert!(!file.inline && file.content_id.is_none(), "{document}");
            assert_eq!(
                (file.mime.as_str(), file.bytes.as_slice()),
                ("application/octet-stream", text.as_bytes()),
                "{}",
                file.name
            );
            stage.play("jane writes to the gateway: See", &format!("#preview {document}")).await;
            let mail = stage.last_to(JANE);
            assert!(mail.attachments.is_empty(), "{document}: {:?}", mail.attachments[0].name);
            // Words of a file are words: in the page they are no tags.
            let html = mail.html.as_deref().unwrap();
            for tag in ["<script", "<svg", "<?xml-s", "onload='"] {
                assert!(!html.contains(tag), "{document}: {html}");
            }
        }
        let files = files_of(&mut stage, "#get F-1").await;
        let [file] = files.as_slice() else { panic!("{} files", files.len()) };
        assert!(
            !file.inline && file.mime == "application/zip" && file.name.ends_with(".zip"),
            "{} {}",
            file.name,
            file.mime
        );
        let mut archive = zip::ZipArchive::new(Cursor::new(file.bytes.clone())).unwrap();
        let mut came = 0;
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index).unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            came += usize::from(documents.iter().any(|(_, text)| text.as_bytes() == bytes));
        }
        assert_eq!(came, documents.len(), "as they are, in one closed file");
    });
}
