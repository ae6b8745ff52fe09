import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Iterator;
import java.util.List;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * Prints what SnakeYAML reads in files. See ../README.md.
 *
 * <p>usage: java -cp SNAKEYAML_JAR Read.java FILE...
 */
class Read {
    public static void main(String[] files) throws Exception {
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        for (String file : files) {
            out.println(read(Path.of(file)));
        }
        out.flush();
    }

    private static String read(Path file) throws Exception {
        StringBuilder line = new StringBuilder();
        try (InputStream text = Files.newInputStream(file)) {
            Object document = new Yaml(new SafeConstructor(new LoaderOptions())).load(text);
            line.append("{\"document\":");
            write(document, line);
        } catch (YAMLException error) {
            line.setLength(0);
            line.append("{\"error\":");
            quote(error.getMessage(), line);
        }
        return line.append('}').toString();
    }

    private static void write(Object value, StringBuilder to) {
        if (value instanceof Map<?, ?> map) {
            writeMap(map, to);
        } else if (value instanceof List<?> list) {
            to.append('[');
            for (Iterator<?> items = list.iterator(); items.hasNext(); to.append(items.hasNext() ? "," : "")) {
                write(items.next(), to);
            }
            to.append(']');
        } else if (value instanceof String text) {
            quote(text, to);
        } else if (value == null || value instanceof Boolean || value instanceof Number) {
            to.append(value);
        } else {
            writeMap(Map.of(value.getClass().getSimpleName(), value.toString()), to);
        }
    }

    private static void writeMap(Map<?, ?> map, StringBuilder to) {
        to.append('{');
        for (Iterator<? extends Map.Entry<?, ?>> entries = map.entrySet().iterator(); entries.hasNext(); ) {
            Map.Entry<?, ?> entry = entries.next();
            Object key = entry.getKey();
            quote(key instanceof String text ? text : (key == null ? "" : key.getClass().getSimpleName()) + " " + key, to);
            to.append(':');
            write(entry.getValue(), to);
            to.append(entries.hasNext() ? "," : "");
        }
        to.append('}');
    }

    private static void quote(String text, StringBuilder to) {
        to.append('"');
        for (char unit : text.toCharArray()) {
            if (unit < ' ' || unit > '~' || unit == '"' || unit == '\\') {
                to.append(String.format("\\u%04x", (int) unit));
            } else {
                to.append(unit);
            }
        }
        to.append('"');
    }
}
