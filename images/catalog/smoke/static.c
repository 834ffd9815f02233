/* A program without any shared library: what it sees is what `static` holds. Build: cc -static -O2 -o static static.c */
#define _GNU_SOURCE
#include "common.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char *read_file(const char *path) {
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    char *text = calloc(1, 1 << 20);
    CHECK(text != NULL);
    CHECK(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    return text;
}

static int has_line(const char *path, const char *line) {
    char *text = read_file(path), *found = strstr(text, line);
    int begins = found && (found == text || found[-1] == '\n');
    free(text);
    return begins;
}

static void accounts(void) {
    struct stat home;
    CHECK(getuid() == 65532 && geteuid() == 65532);
    CHECK(getgid() == 65532 && getegid() == 65532);
    CHECK(has_line("/etc/passwd", "root:x:0:0:"));
    CHECK(has_line("/etc/passwd", "nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n"));
    CHECK(has_line("/etc/passwd", "nobody:x:65534:65534:"));
    CHECK(has_line("/etc/group", "nonroot:x:65532:"));
    CHECK(has_line("/etc/group", "tty:x:5:"));
    CHECK(stat("/home/nonroot", &home) == 0);
    CHECK(home.st_uid == 65532 && home.st_gid == 65532 && (home.st_mode & 07777) == 0700);
    CHECK(access("/etc/shadow", F_OK) != 0);
    puts("accounts ok");
}

static int can_write(const char *folder) {
    char path[256];
    snprintf(path, sizeof path, "%s/smoke-probe", folder);
    int file = open(path, O_CREAT | O_WRONLY, 0600);
    if (file < 0)
        return 0;
    close(file);
    unlink(path);
    return 1;
}

static void writable(void) {
    const char *refused[] = {"", "/etc", "/etc/ssl/certs", "/usr", "/usr/bin", "/usr/lib", "/usr/local/bin",
                             "/var", "/var/lib", "/var/lib/dpkg/status.d", "/home", "/root", "/opt", "/srv"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (can_write(refused[i])) {
            fprintf(stderr, "%s/ can be written\n", refused[i]);
            exit(1);
        }
    CHECK(can_write("/tmp"));
    puts("writable ok");
}

static int occurrences(const char *text, const char *part) {
    int count = 0;
    for (; (text = strstr(text, part)); text += strlen(part))
        count++;
    return count;
}

static void files(void) {
    char *bundle = read_file("/etc/ssl/certs/ca-certificates.crt");
    int authorities = occurrences(bundle, "-----BEGIN CERTIFICATE-----");
    CHECK(authorities > 100 && authorities == occurrences(bundle, "-----END CERTIFICATE-----"));
    CHECK(has_line("/etc/services", "https\t\t443/tcp"));
    CHECK(has_line("/etc/protocols", "tcp\t6\tTCP"));
    CHECK(has_line("/etc/mime.types", "application/json"));
    CHECK(has_line("/etc/nsswitch.conf", "hosts:      files dns\n"));
    CHECK(has_line("/etc/os-release", "ID=debian\n"));
    CHECK(has_line("/var/lib/dpkg/status.d/tzdata", "Package: tzdata\n"));
    CHECK(has_line("/var/lib/dpkg/status.d/ca-certificates", "Package: ca-certificates\n"));
    CHECK(access("/usr/share/doc/tzdata/copyright", R_OK) == 0);
    CHECK(access("/usr/share/common-licenses/GPL", R_OK) == 0);
    CHECK(access("/usr/share/ca-certificates", F_OK) != 0);
    puts("files ok");
}

static void is_empty(const char *folder) {
    DIR *entries = opendir(folder);
    CHECK(entries != NULL);
    for (struct dirent *entry; (entry = readdir(entries));)
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) {
            fprintf(stderr, "%s holds %s\n", folder, entry->d_name);
            exit(1);
        }
    closedir(entries);
}

static void no_shell(void) {
    char *arguments[] = {"sh", "-c", "true", NULL};
    is_empty("/usr/bin");
    is_empty("/usr/sbin");
    is_empty("/usr/local/bin");
    is_empty("/usr/local/sbin");
    CHECK(execv("/bin/sh", arguments) == -1 && errno == ENOENT);
    CHECK(access("/var/lib/dpkg/status", F_OK) != 0);
    puts("no-shell ok");
}

int main(int count, char **arguments) {
    const char *what = count > 1 ? arguments[1] : "";
    if (!strcmp(what, "accounts"))
        accounts();
    else if (!strcmp(what, "writable"))
        writable();
    else if (!strcmp(what, "zones"))
        zones();
    else if (!strcmp(what, "files"))
        files();
    else if (!strcmp(what, "no-shell"))
        no_shell();
    else {
        fprintf(stderr, "usage: static accounts|writable|zones|files|no-shell\n");
        return 2;
    }
    return 0;
}
