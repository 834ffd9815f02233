import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** Fetches a page over TLS from a server of a private CA; Debian's CAs must refuse it. */
final class Tls {
    public static void main(String[] arguments) throws Exception {
        int status = get(HttpClient.newBuilder().sslContext(trusting("/smoke/ca.pem")).build());
        Check.that(status == 200, "status " + status);
        try {
            get(HttpClient.newHttpClient());
            Check.that(false, "Debian's CAs accepted a private server");
        } catch (SSLException expected) {
            Check.that(authorities() > 100, authorities() + " trust anchors");
        }
        System.out.println("tls ok " + authorities());
    }

    private static int get(HttpClient client) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(System.getenv("SMOKE_URL"))).build();
        return client.send(request, BodyHandlers.ofString()).statusCode();
    }

    private static SSLContext trusting(String file) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream stream = Files.newInputStream(Path.of(file))) {
            store.setCertificateEntry("private", CertificateFactory.getInstance("X.509").generateCertificate(stream));
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, factory.getTrustManagers(), null);
        return context;
    }

    private static int authorities() throws Exception {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init((KeyStore) null);
        return ((X509TrustManager) factory.getTrustManagers()[0]).getAcceptedIssuers().length;
    }
}
