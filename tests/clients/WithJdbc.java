import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.Properties;
import java.util.Set;

/** JDBC: statements, parameters, parts of an answer, and the metadata calls that DBeaver makes. */
public final class WithJdbc {
    private static int checks;

    private static void check(boolean so, String what) {
        if (!so) {
            throw new AssertionError(what);
        }
        checks++;
    }

    private static Connection connect() throws Exception {
        Path folder = Path.of(System.getenv("GATEWAY_FOLDER"));
        Properties properties = new Properties();
        properties.setProperty("user", "ada");
        properties.setProperty("password", Files.readString(folder.resolve("ada.token")));
        properties.setProperty("sslmode", "verify-full");
        properties.setProperty("sslrootcert", folder.resolve("certs/ca.crt").toString());
        return DriverManager.getConnection(
                "jdbc:postgresql://localhost:" + System.getenv("GATEWAY_POSTGRES") + "/steppe", properties);
    }

    private static void statements(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "SELECT population, count(*) AS n, avg(score) AS mean FROM people GROUP BY population ORDER BY 1")) {
            ResultSetMetaData columns = rows.getMetaData();
            check(columns.getColumnCount() == 3 && columns.getColumnName(3).equals("mean"), "columns");
            int people = 0;
            while (rows.next()) {
                people += rows.getInt("n");
                check(rows.getDouble("mean") > 4 && rows.getDouble("mean") < 6, "a mean");
            }
            check(people == 1000, "people");
        }
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT count(*) FROM people WHERE population = ? AND score >= ?")) {
            // From the fifth time on the driver names the statement and takes binary results.
            for (int time = 0; time < 8; time++) {
                statement.setString(1, "KAZ");
                statement.setDouble(2, time);
                try (ResultSet rows = statement.executeQuery()) {
                    check(rows.next() && rows.getLong(1) > 0, "a count");
                }
            }
        }
        try (Statement statement = connection.createStatement()) {
            statement.executeUpdate("DROP TABLE people");
            throw new AssertionError("a table was dropped");
        } catch (SQLException error) {
            check("25006".equals(error.getSQLState()), error.toString());
        }
    }

    private static void parts(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.setFetchSize(1000);
            long sum = 0;
            try (ResultSet rows = statement.executeQuery("SELECT value FROM generate_series(1, 50000)")) {
                while (rows.next()) {
                    sum += rows.getLong(1);
                }
            }
            check(sum == 50000L * 50001 / 2, "a sum by parts");
        }
        connection.commit();
        connection.setAutoCommit(true);
    }

    private static void metadata(Connection connection) throws SQLException {
        DatabaseMetaData metadata = connection.getMetaData();
        check(metadata.getDatabaseProductName().equals("PostgreSQL"), "product");
        Set<String> tables = new HashSet<>();
        try (ResultSet rows = metadata.getTables(null, "public", "%", new String[] {"TABLE", "VIEW"})) {
            while (rows.next()) {
                tables.add(rows.getString("TABLE_NAME"));
            }
        }
        check(tables.contains("people"), tables.toString());
        int columns = 0;
        try (ResultSet rows = metadata.getColumns(null, "public", "people", "%")) {
            while (rows.next()) {
                columns++;
            }
        }
        check(columns == 4, "columns: " + columns);
        try (ResultSet rows = metadata.getSchemas()) {
            check(rows.next(), "schemas");
        }
        try (ResultSet rows = metadata.getCatalogs()) {
            check(rows.next(), "catalogs");
        }
        try (ResultSet rows = metadata.getPrimaryKeys(null, "public", "people")) {
            check(!rows.next(), "no keys");
        }
        try (ResultSet rows = metadata.getIndexInfo(null, "public", "people", false, true)) {
            check(!rows.next(), "no indices");
        }
        try (ResultSet rows = metadata.getTypeInfo()) {
            check(rows.next(), "types");
        }
    }

    public static void main(String[] arguments) throws Exception {
        int failures = 0;
        try (Connection connection = connect()) {
            statements(connection);
            parts(connection);
            metadata(connection);
            System.out.println("JDBC " + connection.getMetaData().getDriverVersion() + ": " + checks + " checks");
        }
        System.exit(failures);
    }
}
