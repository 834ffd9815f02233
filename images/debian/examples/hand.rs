use debian::{
    Architecture, Deb, Keyring, PackageIndex, Paragraph, Relations, Release, Version, check_freshness, parse_provides,
    parse_sources_deb822, parse_sources_list, script_digest, verify_in_release,
};
use std::{
    fs,
    io::{BufReader, Read},
    time::Instant,
};
fn rss() -> String {
    fs::read_to_string("/proc/self/status")
        .unwrap()
        .lines()
        .filter(|l| l.starts_with("VmHWM") || l.starts_with("VmRSS"))
        .collect::<Vec<_>>()
        .join(" ")
}
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args[0].as_str() {
        "verify" => {
            let mut ring = Keyring::parse(&fs::read(&args[2]).unwrap()).unwrap();
            println!("{} certs", ring.fingerprints().len());
            ring.merge(Keyring::default());
            let bytes = fs::read(&args[1]).unwrap();
            let now: jiff::Timestamp = args.get(3).map_or(jiff::Timestamp::now(), |t| t.parse().unwrap());
            let t = Instant::now();
            match verify_in_release(&bytes, &ring, None, now) {
                Ok(v) => {
                    println!("{:?} {:?}", t.elapsed(), v.signers);
                    let t = Instant::now();
                    let r = Release::parse(&v.text).unwrap();
                    println!(
                        "{:?} {} {:?} {:?} {} files, by-hash {}",
                        t.elapsed(),
                        r.date,
                        r.valid_until,
                        r.codename,
                        r.files.len(),
                        r.acquire_by_hash
                    );
                    println!("{:?}", r.package_index(&"main".parse().unwrap(), Architecture::Amd64));
                    println!("{:?}", check_freshness(&r, None, now));
                }
                Err(e) => println!("{e} / {e:?}"),
            }
        }
        "index" => {
            let t = Instant::now();
            let index =
                PackageIndex::read(BufReader::with_capacity(1 << 18, fs::File::open(&args[1]).unwrap()), &args[1]);
            let index = match index {
                Ok(i) => i,
                Err(e) => {
                    println!("{e}");
                    return;
                }
            };
            println!("{} packages {:?} memory {} {}", index.len(), t.elapsed(), index.memory(), rss());
            let t = Instant::now();
            let (mut clauses, mut alternatives, mut provided, mut bad) = (0, 0, 0, 0);
            for p in index.iter() {
                for f in [p.depends(), p.pre_depends(), p.conflicts(), p.breaks()] {
                    match Relations::parse(f) {
                        Ok(r) => {
                            clauses += r.0.len();
                            alternatives += r.0.iter().map(|a| a.0.len()).sum::<usize>();
                            if Relations::parse(&r.to_string()).unwrap() != r {
                                println!("no round trip {f}");
                            }
                        }
                        Err(e) => {
                            bad += 1;
                            if bad < 20 {
                                println!("{}: {e}", p.name());
                            }
                        }
                    }
                }
                match parse_provides(p.provides()) {
                    Ok(v) => provided += v.len(),
                    Err(e) => println!("{}: {e}", p.name()),
                }
            }
            println!("{clauses} clauses {alternatives} alternatives {provided} provided {bad} bad {:?}", t.elapsed());
            let t = Instant::now();
            let mut v: Vec<Version> = index.iter().map(|p| p.version()).collect();
            println!("versions {:?}", t.elapsed());
            let t = Instant::now();
            v.sort();
            println!("sort {:?}", t.elapsed());
            let mut out = Vec::new();
            index.write_compact(&mut out).unwrap();
            let again = PackageIndex::read(&out[..], "c").unwrap();
            let mut out2 = Vec::new();
            again.write_compact(&mut out2).unwrap();
            println!("compact {} same {}", out.len(), out == out2);
            if let Some(path) = args.get(2) {
                let t: String = v.iter().map(|v| format!("{v}\n")).collect();
                fs::write(path, t).unwrap();
            }
            for p in index.find("libc6") {
                println!(
                    "{p:?} {} {} {:?} {} {} {:?}",
                    p.source_name(),
                    p.source_version_text(),
                    p.multi_arch(),
                    p.size(),
                    p.filename(),
                    p.digest()
                );
            }
        }
        "deb" => {
            for path in &args[1..] {
                let t = Instant::now();
                let bytes = fs::read(path).unwrap();
                let mut r = blob::VerifyingReader::new(&bytes[..], blob::Digest::of(&bytes), bytes.len() as u64);
                let threads = std::env::var("THREADS").map_or(1, |t| t.parse().unwrap());
                let result = (|| -> Result<(), Box<dyn std::error::Error>> {
                    let (control, data) = Deb::open(&mut r)?.into_parts_with(threads)?;
                    let (mut n, mut size) = (0, 0u64);
                    data.for_each(|mut e| -> Result<(), Box<dyn std::error::Error>> {
                        n += 1;
                        size += std::io::copy(&mut e, &mut std::io::sink())?;
                        if std::env::var("LIST").is_ok() {
                            println!("  {e:?}");
                        }
                        Ok(())
                    })?;
                    println!(
                        "{path}: {n} entries {size} bytes {:?} {} {:?} scripts {:?} digest {:?} {}",
                        t.elapsed(),
                        control.timestamp,
                        control.triggers()?,
                        control.scripts.keys().collect::<Vec<_>>(),
                        script_digest(&control).map(|d| d.short().to_owned()),
                        control.version()?
                    );
                    Ok(())
                })();
                if let Err(e) = result {
                    let mut e: Option<&dyn std::error::Error> = Some(&*e);
                    print!("{path}:");
                    while let Some(x) = e {
                        print!(" {x};");
                        e = x.source();
                    }
                    println!();
                }
                println!("  finish {:?} {}", r.finish(), rss());
            }
        }
        "sources" => {
            let t = fs::read_to_string(&args[1]).unwrap();
            println!("{:#?}", parse_sources_deb822(&t, &args[1]));
            println!("{:#?}", parse_sources_list(&t, &args[1]));
        }
        _ => {
            let mut s = String::new();
            BufReader::new(std::io::stdin()).read_to_string(&mut s).unwrap();
            println!("{:?}", Paragraph::parse_all(&s));
        }
    }
}
