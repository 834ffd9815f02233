/* A program that needs libc.so.6 only; OpenSSL is opened while it runs, so that no headers are needed.
 * Build: cc -O2 -pthread -o glibc glibc.c -ldl */
#define _GNU_SOURCE
#include "common.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <grp.h>
#include <iconv.h>
#include <langinfo.h>
#include <locale.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wctype.h>

static void names(void) {
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found = NULL;
    CHECK(getaddrinfo("localhost", "https", &hints, &found) == 0);
    struct sockaddr_in *address = (struct sockaddr_in *)found->ai_addr;
    CHECK(address->sin_addr.s_addr == htonl(INADDR_LOOPBACK) && address->sin_port == htons(443));
    CHECK(getaddrinfo("name.invalid", NULL, &hints, &found) != 0);
    CHECK(getservbyname("ssh", "tcp")->s_port == htons(22));
    CHECK(getprotobyname("udp")->p_proto == 17);
    CHECK(!strcmp(getpwuid(getuid())->pw_name, "nonroot"));
    CHECK(!strcmp(getpwuid(getuid())->pw_dir, "/home/nonroot"));
    CHECK(getgrnam("nogroup")->gr_gid == 65534);
    puts("names ok");
}

static int converts(const char *set, const char *expected, size_t length) {
    char text[] = "\xe2\x82\xac", result[16], *in = text, *out = result;
    size_t in_left = 3, out_left = sizeof result;
    iconv_t conversion = iconv_open(set, "UTF-8");
    if (conversion == (iconv_t)-1 || iconv(conversion, &in, &in_left, &out, &out_left) != 0)
        return 0;
    iconv_close(conversion);
    return sizeof result - out_left == length && !memcmp(result, expected, length);
}

static void characters(void) {
    wchar_t wide[16];
    CHECK(setlocale(LC_ALL, "C.UTF-8") != NULL);
    CHECK(!strcmp(nl_langinfo(CODESET), "UTF-8"));
    CHECK(mbstowcs(wide, "\xc5\xbe\xe2\x82\xac", 16) == 2 && wide[1] == 0x20ac);
    CHECK(towupper(wide[0]) == 0x17d && iswalpha(wide[0]));
    CHECK(converts("ISO-8859-15", "\xa4", 1));
    CHECK(converts("CP1252", "\x80", 1));
    CHECK(converts("UTF-16LE", "\xac\x20", 2));
    CHECK(iconv_open("EUC-JP", "UTF-8") == (iconv_t)-1 && errno == EINVAL);
    puts("characters ok");
}

static void *wait_for_ever(void *nothing) {
    pause();
    return nothing;
}

static void threads(void) {
    pthread_t thread;
    void *result = NULL;
    CHECK(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
    CHECK(pthread_cancel(thread) == 0);
    CHECK(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
    puts("threads ok");
}

static int open_socket(void) {
    const char *url = getenv("SMOKE_URL");
    CHECK(url != NULL && !strncmp(url, "https://localhost:", 18));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(url + 18))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connection >= 0 && connect(connection, (struct sockaddr *)&address, sizeof address) == 0);
    return connection;
}

static void *ssl_library, *crypto_library;

#define SSL(result, name, parameters) result(*name) parameters = (result(*) parameters)dlsym(ssl_library, #name)
#define CRYPTO(result, name, parameters) result(*name) parameters = (result(*) parameters)dlsym(crypto_library, #name)

/* 1 when the server was accepted and answered; 0 when its certificate was refused. */
static int fetches(void *context, char *answer, int size) {
    SSL(void *, SSL_new, (void *));
    SSL(int, SSL_set_fd, (void *, int));
    SSL(int, SSL_set1_host, (void *, const char *));
    SSL(int, SSL_connect, (void *));
    SSL(int, SSL_write, (void *, const void *, int));
    SSL(int, SSL_read, (void *, void *, int));
    SSL(long, SSL_get_verify_result, (const void *));
    const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    void *session = SSL_new(context);
    CHECK(session != NULL && SSL_set_fd(session, open_socket()) == 1 && SSL_set1_host(session, "localhost") == 1);
    if (SSL_connect(session) != 1) {
        CHECK(SSL_get_verify_result(session) != 0);
        return 0;
    }
    CHECK(SSL_write(session, request, sizeof request - 1) > 0);
    CHECK(SSL_read(session, answer, size - 1) > 0);
    return 1;
}

static void tls(void) {
    ssl_library = dlopen("libssl.so.3", RTLD_NOW);
    crypto_library = dlopen("libcrypto.so.3", RTLD_NOW);
    CHECK(ssl_library != NULL && crypto_library != NULL);
    SSL(void *, SSL_CTX_new, (const void *));
    SSL(const void *, TLS_client_method, (void));
    SSL(void, SSL_CTX_set_verify, (void *, int, void *));
    SSL(int, SSL_CTX_load_verify_file, (void *, const char *));
    SSL(int, SSL_CTX_set_default_verify_paths, (void *));
    SSL(void *, SSL_CTX_get_cert_store, (void *));
    CRYPTO(void *, X509_STORE_get0_objects, (void *));
    CRYPTO(int, OPENSSL_sk_num, (void *));
    char answer[64] = "";

    void *private = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(private, 1, NULL);
    CHECK(SSL_CTX_load_verify_file(private, "/smoke/ca.pem") == 1);
    CHECK(fetches(private, answer, sizeof answer) == 1 && !strncmp(answer, "HTTP/1.", 7));

    void *public = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(public, 1, NULL);
    CHECK(SSL_CTX_set_default_verify_paths(public) == 1);
    CHECK(OPENSSL_sk_num(X509_STORE_get0_objects(SSL_CTX_get_cert_store(public))) > 100);
    CHECK(fetches(public, answer, sizeof answer) == 0);
    puts("tls ok");
}

int main(int count, char **arguments) {
    const char *what = count > 1 ? arguments[1] : "";
    if (!strcmp(what, "names"))
        names();
    else if (!strcmp(what, "characters"))
        characters();
    else if (!strcmp(what, "zones"))
        zones();
    else if (!strcmp(what, "threads"))
        threads();
    else if (!strcmp(what, "tls"))
        tls();
    else {
        fprintf(stderr, "usage: glibc names|characters|zones|threads|tls\n");
        return 2;
    }
    return 0;
}
