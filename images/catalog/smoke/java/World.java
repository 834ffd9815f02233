import java.net.InetAddress;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Locale;
import java.util.TimeZone;

/** Looks at what a program expects of the system around it. */
final class World {
    public static void main(String[] arguments) throws Exception {
        ZoneId paris = ZoneId.of("Europe/Paris");
        Check.that(Instant.parse("2026-01-01T00:00:00Z").atZone(paris).getHour() == 1, "winter");
        Check.that(Instant.parse("2026-07-01T00:00:00Z").atZone(paris).getHour() == 2, "summer");
        Check.that(TimeZone.getDefault().getRawOffset() == 0, TimeZone.getDefault().getID());
        Check.that(Charset.defaultCharset() == StandardCharsets.UTF_8, Charset.defaultCharset().name());
        Check.that("žluťoučký".toUpperCase(Locale.ROOT).equals("ŽLUŤOUČKÝ"), "upper case");
        Check.that(new String(new byte[] {(byte) 0x80}, "windows-1252").equals("€"), "windows-1252");
        Check.that(new String(new byte[] {(byte) 0x88, (byte) 0x9f}, "Shift_JIS").equals("亜"), "Shift_JIS");
        Check.that(InetAddress.getByName("localhost").isLoopbackAddress(), "localhost");
        Check.that(System.getProperty("user.name").equals("nonroot"), System.getProperty("user.name"));
        Check.that(System.getProperty("user.home").equals("/home/nonroot"), System.getProperty("user.home"));
        Check.that("/usr/lib/jvm/default-java".equals(System.getenv("JAVA_HOME")), "JAVA_HOME");
        System.out.println("world ok");
    }
}
