import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.Signature;
import java.util.HexFormat;
import java.util.prefs.Preferences;
import java.util.stream.LongStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import javax.imageio.ImageIO;

/** Does real work with the libraries behind the run-time environment. */
final class Work {
    public static void main(String[] arguments) throws Exception {
        byte[] text = "bedplate".repeat(1000).getBytes(StandardCharsets.UTF_8);
        hashes();
        signs(text);
        compresses(text);
        draws("png");
        draws("jpeg");
        Check.that(LongStream.rangeClosed(1, 1000000).parallel().sum() == 500000500000L, "parallel sum");
        Check.that(Preferences.systemRoot().get("nothing", "default").equals("default"), "system preferences");
        startsAProcess();
        System.out.println("work ok " + Runtime.version());
    }

    private static void hashes() throws Exception {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest("abc".getBytes(StandardCharsets.UTF_8));
        Check.that(HexFormat.of().formatHex(digest).startsWith("ba7816bf"), "SHA-256");
    }

    private static void signs(byte[] text) throws Exception {
        KeyPair pair = KeyPairGenerator.getInstance("EC").generateKeyPair();
        Signature signature = Signature.getInstance("SHA256withECDSA");
        signature.initSign(pair.getPrivate());
        signature.update(text);
        byte[] signed = signature.sign();
        signature.initVerify(pair.getPublic());
        signature.update(text);
        Check.that(signature.verify(signed), "signature");
    }

    private static void compresses(byte[] text) throws Exception {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream stream = new GZIPOutputStream(packed)) {
            stream.write(text);
        }
        byte[] back = new GZIPInputStream(new ByteArrayInputStream(packed.toByteArray())).readAllBytes();
        Check.that(java.util.Arrays.equals(back, text), "gzip");
    }

    private static void draws(String format) throws Exception {
        BufferedImage image = new BufferedImage(32, 32, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, 32, 32);
        graphics.dispose();
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        Check.that(ImageIO.write(image, format, written), "no writer of " + format);
        BufferedImage read = ImageIO.read(new ByteArrayInputStream(written.toByteArray()));
        Check.that(new Color(read.getRGB(16, 16)).getGreen() > 250, format);
    }

    private static void startsAProcess() throws Exception {
        Process process = new ProcessBuilder("/usr/bin/java", "-version").redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        Check.that(process.waitFor() == 0 && output.contains("OpenJDK"), output);
    }
}
