//! The first page of a document as a picture (DOC-02). The bytes of a stranger's PDF or picture are opened only in a
//! process of their own, which has no network, reads nothing but programs and fonts where the kernel has Landlock, changes
//! no file anywhere, and has little memory and time (threats T64, T65): whatever they do there ends with it, and there is
//! no preview. Text is shown as text, by us.
//!
//! The process is this program itself ([`Drawing::program`]), which puts the limits on before it reads a byte; pictures it
//! draws with a library in safe Rust, for PDFs it becomes `pdftoppm` of poppler-utils, which keeps the limits. What that
//! draws is drawn anew by the first kind, so that nothing but dots comes of it. A renderer in Rust inside the program was
//! weighed: it would make its build longer by a third.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader};
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, path_beneath_rules,
};
use rustix::process::{Resource, Rlimit, setrlimit};
use seccompiler::{SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The hidden command under which this program draws.
pub const COMMAND: &str = "draw-first-page";
/// Seconds of work, and of the clock.
const CPU_SECONDS: u64 = 10;
const PATIENCE: Duration = Duration::from_secs(20);
/// Memory, in bytes: a page of a large scan takes about 100 MB.
const MEMORY: u64 = 768 << 20;
/// Memory that a picture may take unpacked.
const PICTURE_MEMORY: u64 = 256 << 20;
/// The largest picture that is taken from the process, in bytes.
const LARGEST: u64 = 4_000_000;
/// A picture is at most so wide and high, in pixels.
const WIDEST: u32 = 1000;
const HIGHEST: u32 = 1400;

/// What draws.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawing {
    /// This program.
    pub program: PathBuf,
    /// What it becomes for a PDF; none: PDFs have no preview.
    pub pdftoppm: Option<PathBuf>,
}

impl Default for Drawing {
    fn default() -> Drawing {
        // Also the running program after its file was replaced by an update.
        Drawing { program: "/proc/self/exe".into(), pdftoppm: None }
    }
}

/// What can be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Kind {
    /// A PDF.
    Pdf,
    /// A picture.
    Picture,
}

impl Kind {
    /// What a file of this type is drawn as; none if it is not.
    pub fn of(mime: &str) -> Option<Kind> {
        match mime {
            "application/pdf" => Some(Kind::Pdf),
            "image/png" | "image/jpeg" | "image/gif" | "image/tiff" => Some(Kind::Picture),
            _ => None,
        }
    }
}

/// A picture to go with a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// PNG or JPEG, made by us: nothing that the file said about itself is in it.
    pub bytes: Vec<u8>,
}

impl Picture {
    /// Its type.
    pub fn mime(&self) -> &'static str {
        if self.bytes.starts_with(b"\x89PNG") { "image/png" } else { "image/jpeg" }
    }

    /// The ending of its name.
    pub fn ending(&self) -> &'static str {
        if self.bytes.starts_with(b"\x89PNG") { "png" } else { "jpg" }
    }
}

/// Draws the first page; none if it can't be drawn, for whatever reason, which is the file's.
pub async fn draw(drawing: &Drawing, kind: Kind, bytes: &[u8]) -> Option<Picture> {
    let drawn = draw_once(drawing, kind, bytes).await?;
    match kind {
        Kind::Pdf => draw_once(drawing, Kind::Picture, &drawn.bytes).await,
        Kind::Picture => Some(drawn),
    }
}

async fn draw_once(drawing: &Drawing, kind: Kind, bytes: &[u8]) -> Option<Picture> {
    let mut command = tokio::process::Command::new(&drawing.program);
    command.arg(COMMAND);
    match (kind, &drawing.pdftoppm) {
        (Kind::Pdf, Some(pdftoppm)) => command.arg("pdf").arg(pdftoppm),
        (Kind::Pdf, None) => return None,
        (Kind::Picture, _) => command.arg("picture"),
    };
    command.env_clear().current_dir("/").kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let drawn = tokio::time::timeout(PATIENCE, talk(command, bytes)).await;
    match drawn {
        Ok(Ok(picture)) => Some(Picture { bytes: picture }).filter(is_picture),
        Ok(Err(error)) => {
            tracing::warn!(%error, "no first page could be drawn");
            None
        }
        Err(_) => {
            tracing::warn!("drawing a first page took too long");
            None
        }
    }
}

/// Gives the process the file and takes what it draws, both at once: either pipe may be full.
async fn talk(mut command: tokio::process::Command, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut child = command.spawn()?;
    let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(std::io::Error::other("no pipes"));
    };
    let tell = async {
        // A process that has ended, or has read enough, does not hear the rest.
        let _ = stdin.write_all(bytes).await;
        drop(stdin);
    };
    let hear = async {
        let mut drawn = Vec::new();
        stdout.take(LARGEST.saturating_add(1)).read_to_end(&mut drawn).await.map(|_| drawn)
    };
    let ((), drawn) = futures_util::future::join(tell, hear).await;
    let ended = child.wait().await?;
    if ended.success() { drawn } else { Err(std::io::Error::other("the process failed")) }
}

fn is_picture(picture: &Picture) -> bool {
    let fits = u64::try_from(picture.bytes.len()).is_ok_and(|len| len <= LARGEST);
    fits && (picture.bytes.starts_with(b"\x89PNG\r\n\x1a\n") || picture.bytes.starts_with(&[0xff, 0xd8, 0xff]))
}

/// What the process does: puts on its limits, then draws from standard input to standard output, or becomes `pdftoppm`.
pub fn draw_here(kind: Kind, pdftoppm: Option<&Path>) -> ExitCode {
    let drawn = match (kind, pdftoppm) {
        (Kind::Pdf, Some(pdftoppm)) => {
            let read = FOR_A_PROGRAM.iter().map(Path::new).chain([pdftoppm]);
            confine(kind, &read.collect::<Vec<_>>()).and_then(|()| become_pdftoppm(pdftoppm))
        }
        (Kind::Pdf, None) => None,
        (Kind::Picture, _) => confine(kind, &[]).and_then(|()| picture()),
    };
    if drawn.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What a program reads that draws: libraries, fonts, and where they are listed.
const FOR_A_PROGRAM: [&str; 9] = [
    "/usr",
    "/bin",
    "/lib",
    "/lib64",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/var/cache/fontconfig",
    "/dev/null",
];

/// Takes away what drawing does not need; none if it can't be taken away, and then nothing is drawn. `read` is what may be
/// read, where the kernel can tell.
fn confine(kind: Kind, read: &[&Path]) -> Option<()> {
    let all = Ruleset::default().handle_access(AccessFs::from_all(ABI::V5)).ok()?;
    let all = all.handle_access(AccessNet::from_all(ABI::V5)).ok()?.create().ok()?;
    all.add_rules(path_beneath_rules(read, AccessFs::from_read(ABI::V5))).ok()?.restrict_self().ok()?;
    let limit = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
    setrlimit(Resource::Cpu, limit(CPU_SECONDS)).ok()?;
    setrlimit(Resource::As, limit(MEMORY)).ok()?;
    // What goes to the pipe is counted on the other side; a program that is started may want to renew its list of fonts.
    setrlimit(Resource::Fsize, limit(if kind == Kind::Picture { 0 } else { 4 << 20 })).ok()?;
    setrlimit(Resource::Core, limit(0)).ok()?;
    // The three that are open are all there will be; a program that is started needs some for its libraries and fonts.
    setrlimit(Resource::Nofile, limit(if kind == Kind::Picture { 3 } else { 32 })).ok()?;
    let calls = NET_CALLS.iter().chain(&PROCESS_CALLS).chain(&FILE_CALLS).chain(&OTHER_CALLS).chain(OLD_CALLS);
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = calls.map(|call| (*call, Vec::new())).collect();
    rules.insert(libc::SYS_openat, opening_to_write(2)?);
    // A file that is shared may not be made to signal somebody.
    let owners = [libc::F_SETOWN, F_SETSIG, F_SETOWN_EX].map(|what| u64::try_from(what).ok());
    let owners = owners.into_iter().map(|what| SeccompRule::new(vec![argument(1, SeccompCmpOp::Eq, what?)?]).ok());
    rules.insert(libc::SYS_fcntl, owners.collect::<Option<Vec<_>>>()?);
    // Its own limits it may read.
    rules.insert(libc::SYS_prlimit64, vec![SeccompRule::new(vec![argument(0, SeccompCmpOp::Ne, 0)?]).ok()?]);
    let errno = u32::try_from(libc::EACCES).ok()?;
    let machine = std::env::consts::ARCH.try_into().ok()?;
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(errno), machine).ok()?;
    let program: seccompiler::BpfProgram = filter.try_into().ok()?;
    #[cfg(target_arch = "x86_64")]
    seccompiler::apply_filter(&no_second_numbers(errno)).ok()?;
    seccompiler::apply_filter(&program).ok()
}

/// Calls that reach other machines and programs.
const NET_CALLS: [i64; 6] =
    [libc::SYS_socket, libc::SYS_socketpair, libc::SYS_connect, libc::SYS_bind, libc::SYS_sendto, libc::SYS_sendmsg];

/// Calls that read, change, stop or hinder another process of the same user, the gateway among them.
const PROCESS_CALLS: [i64; 17] = [
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_tgkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_setpriority,
    libc::SYS_sched_setscheduler,
    libc::SYS_sched_setparam,
    libc::SYS_sched_setattr,
    libc::SYS_ioprio_set,
    libc::SYS_sched_setaffinity,
];

/// Calls that change a file, its name, or what is known of it.
const FILE_CALLS: [i64; 21] = [
    libc::SYS_unlinkat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_mkdirat,
    libc::SYS_mknodat,
    libc::SYS_truncate,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    FCHMODAT2,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    libc::SYS_openat2,
];

/// Who is signalled for a file, and by what (fcntl(2)); libc names them on some machines only.
const F_SETSIG: i32 = 10;
const F_SETOWN_EX: i32 = 15;

/// `fchmodat2`, which has one number on all machines and no name in libc on some.
const FCHMODAT2: i64 = 452;

/// Calls that do such things another way.
const OTHER_CALLS: [i64; 3] = [libc::SYS_io_uring_setup, libc::SYS_bpf, libc::SYS_mount];

/// Calls that other machines never had.
#[cfg(target_arch = "x86_64")]
const OLD_CALLS: &[i64] = &[
    libc::SYS_unlink,
    libc::SYS_rename,
    libc::SYS_link,
    libc::SYS_symlink,
    libc::SYS_mkdir,
    libc::SYS_rmdir,
    libc::SYS_mknod,
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
    libc::SYS_creat,
    libc::SYS_open,
];
#[cfg(not(target_arch = "x86_64"))]
const OLD_CALLS: &[i64] = &[];

/// Refuses the second numbers that kernels with x32 know each call by, which no list of calls names.
#[cfg(target_arch = "x86_64")]
fn no_second_numbers(errno: u32) -> seccompiler::BpfProgram {
    const X32: u32 = 0x4000_0000;
    let step = |code: u32, jt: u8, jf: u8, k: u32| seccompiler::sock_filter { code: code as u16, jt, jf, k };
    vec![
        // The number of the call is the first word of what is judged.
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        step(libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K, 0, 1, X32),
        step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ERRNO | errno),
        step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ]
}

fn argument(at: u8, is: SeccompCmpOp, value: u64) -> Option<SeccompCondition> {
    SeccompCondition::new(at, SeccompCmpArgLen::Dword, is, value).ok()
}

/// The opening of a file to write it, to make it or to cut it; its flags are this argument.
fn opening_to_write(flags: u8) -> Option<Vec<SeccompRule>> {
    let bits = [libc::O_WRONLY, libc::O_RDWR, libc::O_CREAT, libc::O_TRUNC].map(|bit| u64::try_from(bit).ok());
    let rule = |bit: u64| SeccompRule::new(vec![argument(flags, SeccompCmpOp::MaskedEq(bit), bit)?]).ok();
    bits.into_iter().map(|bit| rule(bit?)).collect()
}

fn become_pdftoppm(pdftoppm: &Path) -> Option<()> {
    use std::os::unix::process::CommandExt;
    let size = HIGHEST.to_string();
    let _failed = std::process::Command::new(pdftoppm)
        .args(["-q", "-png", "-f", "1", "-l", "1", "-singlefile", "-scale-to", &size, "-"])
        .env_clear()
        .exec();
    None
}

fn picture() -> Option<()> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).ok()?;
    let drawn = redraw(&bytes)?;
    std::io::stdout().lock().write_all(&drawn).ok()
}

/// A picture made anew, upright and small enough; nothing but its dots is taken over.
fn redraw(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(PICTURE_MEMORY);
    (limits.max_image_width, limits.max_image_height) = (Some(30_000), Some(30_000));
    reader.limits(limits);
    let is_photo = reader.format() == Some(ImageFormat::Jpeg);
    let mut decoder = reader.into_decoder().ok()?;
    let orientation = decoder.orientation().ok()?;
    let mut picture = DynamicImage::from_decoder(decoder).ok()?;
    if picture.width() > WIDEST || picture.height() > HIGHEST {
        picture = picture.thumbnail(WIDEST, HIGHEST);
    }
    picture.apply_orientation(orientation);
    let mut drawn = Cursor::new(Vec::new());
    if is_photo {
        DynamicImage::ImageRgb8(picture.into_rgb8()).write_to(&mut drawn, ImageFormat::Jpeg).ok()?;
    } else {
        DynamicImage::ImageRgba8(picture.into_rgba8()).write_to(&mut drawn, ImageFormat::Png).ok()?;
    }
    Some(drawn.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(width, height).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_picture_is_made_anew_small_and_without_what_it_said_of_itself() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::Tiff] {
            let drawn = redraw(&sample(2100, 700, format)).unwrap();
            assert!(is_picture(&Picture { bytes: drawn.clone() }), "{format:?}");
            let again = image::load_from_memory(&drawn).unwrap();
            assert_eq!((again.width(), again.height()), (1000, 333), "{format:?}");
        }
        let mut photo = sample(20, 10, ImageFormat::Jpeg);
        // A comment right after the start of the file, as cameras write place and owner.
        photo.splice(2..2, [&[0xff, 0xfe, 0, 18][..], b"51.5N 0.1W Jane "].concat());
        let drawn = redraw(&photo).unwrap();
        assert!(!drawn.windows(5).any(|w| w == b"51.5N"));
    }

    #[test]
    fn t63_a_picture_that_claims_to_be_huge_is_not_unpacked() {
        let mut huge = sample(10, 10, ImageFormat::Png);
        huge[16..24].copy_from_slice(&[0, 0, 0x75, 0, 0, 0, 0x75, 0]);
        assert_eq!(redraw(&huge), None);
        assert_eq!(redraw(b"\x89PNG\r\n\x1a\n"), None);
        assert_eq!(redraw(b""), None);
    }
}
