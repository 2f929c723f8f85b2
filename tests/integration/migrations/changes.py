"""Changes of the library's schema (testbed/projects/library), as people write them: the operations of a migration."""

from __future__ import annotations

__all__ = ["CHANGES"]


def sql(*statements: str) -> str:
    return ", ".join(f"RunSQL({statement!r})" for statement in statements)


MODELS = {
    "nothing": "",
    "model added": 'CreateModel("Room", [ID])',
    "model added with a key to one that serves": (
        'CreateModel("Room", [ID, ("author", ForeignKey("library.Author", CASCADE))])'
    ),
    "model dropped": 'DeleteModel("cover")',
    "model renamed": 'RenameModel("tag", "Label")',
    "model to another table": 'AlterModelTable("tag", "tags")',
    "model dropped from the state only": ('SeparateDatabaseAndState(state_operations=[DeleteModel("cover")])'),
    "model dropped from the database only": ('SeparateDatabaseAndState(database_operations=[DeleteModel("cover")])'),
    "child of a model dropped": 'DeleteModel("novel")',
    "proxy added": 'CreateModel("Proxy", [], bases=("library.author",), options={"proxy": True})',
    "options changed": 'AlterModelOptions("author", {"ordering": ["name"], "verbose_name": "a"})',
    "order with respect to": 'AlterOrderWithRespectTo("book", "author")',
    "unmanaged model dropped": 'DeleteModel("event")',
    "made and changed at once": (
        'CreateModel("Room", [ID]), AddField("room", "n", models.IntegerField(default=1)), '
        'RenameModel("room", "Hall"), RemoveField("hall", "n")'
    ),
}

FIELDS = {
    "nullable field added": 'AddField("author", "x", models.IntegerField(null=True))',
    "field with db_default added": 'AddField("author", "x", models.IntegerField(db_default=1))',
    "field with default added": 'AddField("author", "x", models.IntegerField(default=1))',
    "text with default added": 'AddField("author", "x", models.TextField(default=""))',
    "unique nullable field added": 'AddField("author", "x", models.IntegerField(null=True, unique=True))',
    "unique field with one db_default added": (
        'AddField("cover", "x", models.IntegerField(db_default=1, unique=True))'
    ),
    "positive field added": 'AddField("author", "x", models.PositiveIntegerField(null=True))',
    "one to one added": 'AddField("author", "x", models.OneToOneField("library.Tag", CASCADE, null=True))',
    "many to many added": 'AddField("author", "x", models.ManyToManyField("library.Tag"))',
    "generated field added": (
        'AddField("author", "x", models.GeneratedField(expression=Lower("name"), '
        "output_field=models.TextField(), db_persist=True))"
    ),
    "generated field that may fail added": sql(
        "ALTER TABLE library_author ADD x integer GENERATED ALWAYS AS (1000 / length(name)) STORED"
    ),
    "field dropped": 'RemoveField("author", "born")',
    "field renamed": 'RenameField("author", "born", "year")',
    "field renamed with its column kept": (
        'AlterField("author", "born", models.IntegerField(null=True, db_column="born")), '
        'RenameField("author", "born", "year")'
    ),
    "column renamed": 'AlterField("author", "born", models.IntegerField(null=True, db_column="year"))',
    "field made not null": 'AlterField("author", "born", models.IntegerField(default=0))',
    "field made nullable": 'AlterField("author", "name", models.CharField(max_length=50, null=True))',
    "verbose name changed": 'AlterField("author", "name", models.CharField("n", max_length=50))',
    "db_default taken away": 'AlterField("author", "rank", models.IntegerField(default=1))',
    "db_default of now taken away": 'AlterField("book", "made", models.DateTimeField(auto_now_add=True))',
    "db_default added": 'AlterField("author", "born", models.IntegerField(null=True, db_default=1900))',
    "db_default taken away and nullable": 'AlterField("author", "rank", models.IntegerField(null=True))',
    "varchar longer": 'AlterField("author", "name", models.CharField(max_length=80))',
    "varchar shorter": 'AlterField("author", "name", models.CharField(max_length=20))',
    "varchar without limit": 'AlterField("author", "name", models.CharField(max_length=None))',
    "varchar to text": 'AlterField("author", "name", models.TextField())',
    "text to varchar": 'AlterField("book", "note", models.CharField(max_length=200, default=""))',
    "integer to bigint": 'AlterField("author", "born", models.BigIntegerField(null=True))',
    "smallint to integer": 'AlterField("book", "weight", models.IntegerField(default=-1))',
    "integer to smallint": 'AlterField("author", "born", models.SmallIntegerField(null=True))',
    "integer to text": 'AlterField("author", "born", models.TextField(null=True))',
    "integer to positive": 'AlterField("author", "born", models.PositiveIntegerField(null=True))',
    "integer to decimal": (
        'AlterField("author", "born", models.DecimalField(max_digits=9, decimal_places=0, null=True))'
    ),
    "numeric widened": ('AlterField("book", "price", models.DecimalField(max_digits=10, decimal_places=2, null=True))'),
    "numeric finer": ('AlterField("book", "price", models.DecimalField(max_digits=9, decimal_places=3, null=True))'),
    "numeric narrower": ('AlterField("book", "price", models.DecimalField(max_digits=6, decimal_places=2, null=True))'),
    "numeric coarser": ('AlterField("book", "price", models.DecimalField(max_digits=8, decimal_places=0, null=True))'),
    "numeric to float": 'AlterField("book", "price", models.FloatField(null=True))',
    "time to date": 'AlterField("book", "made", models.DateField(db_default=Now()))',
    "index added": 'AddIndex("author", models.Index(fields=["name"], name="by_name"))',
    "index added concurrently": (
        'non-atomic:postgres.AddIndexConcurrently("author", models.Index(fields=["name"], name="by_name"))'
    ),
    "index of lower case added": 'AddIndex("author", models.Index(Lower("name"), name="by_lower"))',
    "db_index": 'AlterField("author", "born", models.IntegerField(null=True, db_index=True))',
    "choices changed": 'AlterField("author", "name", models.CharField(max_length=50, choices=[("a", "b")]))',
    "generated field made plain": (
        'RemoveField("book", "double"), AddField("book", "double", models.IntegerField(null=True))'
    ),
    "generated field dropped": 'RemoveField("book", "double")',
    "field dropped and made again": (
        'RemoveField("author", "born"), AddField("author", "born", models.IntegerField(null=True))'
    ),
    "another collation": ('AlterField("author", "name", models.CharField(max_length=50, db_collation="C"))'),
}

RELATIONS = {
    "many to many dropped": 'RemoveField("book", "tags")',
    "many to many renamed": 'RenameField("book", "tags", "labels")',
    "many to many in another table": 'AlterField("book", "tags", models.ManyToManyField("library.Tag", db_table="bt"))',
    "many to many of another target": (
        'RemoveField("book", "tags"), ' 'AddField("book", "tags", models.ManyToManyField("library.Shelf"))'
    ),
    "another target": 'AlterField("book", "shelf", ForeignKey("library.Tag", SET_NULL, null=True))',
    "foreign key made one to one": (
        'AlterField("book", "shelf", models.OneToOneField("library.Shelf", SET_NULL, null=True))'
    ),
    "one to one made foreign key": 'AlterField("cover", "book", ForeignKey("library.Book", CASCADE))',
    "foreign key made not null": (
        'AlterField("book", "editor", ForeignKey("library.Author", CASCADE, related_name="edited", '
        "db_constraint=False, default=1))"
    ),
    "db_constraint on": (
        'AlterField("book", "editor", ForeignKey("library.Author", CASCADE, related_name="edited", null=True))'
    ),
    "db_constraint off": ('AlterField("book", "author", ForeignKey("library.Author", CASCADE, db_constraint=False))'),
    "on_delete changed": 'AlterField("book", "author", ForeignKey("library.Author", models.PROTECT))',
}

CONSTRAINTS = {
    "unique": 'AlterField("author", "name", models.CharField(max_length=50, unique=True))',
    "unique taken away": 'AlterField("book", "isbn", models.CharField(max_length=13))',
    "unique constraint": 'AddConstraint("author", models.UniqueConstraint(fields=["name"], name="u"))',
    "unique constraint that was kept": (
        'AddConstraint("book", models.UniqueConstraint(fields=["isbn", "title"], name="u"))'
    ),
    "unique constraint with a condition": (
        'AddConstraint("author", models.UniqueConstraint(fields=["name"], condition=Q(born=None), name="u"))'
    ),
    "unique constraint dropped": 'RemoveConstraint("shelf", "shelf_place")',
    "unique together": 'AlterUniqueTogether("author", {("name", "rank")})',
    "unique together dropped": 'AlterUniqueTogether("book", set())',
    "check": 'AddConstraint("author", models.CheckConstraint(condition=Q(born__gt=0), name="c"))',
    "check dropped": 'RemoveConstraint("book", "some_pages")',
    "check of a new field": (
        'AddField("author", "x", models.IntegerField(null=True)), '
        'AddConstraint("author", models.CheckConstraint(condition=Q(x__gt=0), name="c"))'
    ),
    "check not validated": (
        'postgres.AddConstraintNotValid("author", models.CheckConstraint(condition=Q(born__gt=0), name="c"))'
    ),
    "exclusion": sql("ALTER TABLE library_author ADD EXCLUDE USING btree (name WITH =)"),
}

OWN = {
    "subclass that is harmless": 'Harmless("author", "x", models.IntegerField(null=True))',
    "subclass that adds a required field": 'Harmless("author", "x", models.IntegerField(default=1))',
    "subclass that hides": 'Hides("author", "x", models.IntegerField(null=True))',
    "subclass that removes": 'Removes("author", "born")',
    "own operation that drops": 'Own("DROP TABLE library_cover")',
    "own operation that is harmless": 'Own("CREATE TABLE other (id integer)")',
    "python that drops": 'RunPython(lambda apps, editor: editor.execute("ALTER TABLE library_author DROP born"))',
    "python that does nothing": "RunPython(RunPython.noop)",
    "python that changes rows": (
        'RunPython(lambda apps, editor: apps.get_model("library", "Shelf").objects.filter(room=9).update(room=8))'
    ),
    "dropped by both": (
        'SeparateDatabaseAndState([RunSQL("ALTER TABLE library_author DROP born")], ' '[RemoveField("author", "born")])'
    ),
}

SQL = {
    "sql: DROP n": sql("ALTER TABLE library_author DROP born"),
    "sql: DROP IF EXISTS n CASCADE": sql("alter table if exists only library_author drop if exists born cascade"),
    "sql: RENAME n TO m": sql("ALTER TABLE library_author RENAME born TO year"),
    "sql: RENAME TO": sql("ALTER TABLE library_tag RENAME TO label"),
    "sql: ALTER n TYPE": sql("ALTER TABLE library_author ALTER born TYPE smallint"),
    "sql: ALTER n SET DATA TYPE wider": sql("ALTER TABLE library_author ALTER born SET DATA TYPE bigint"),
    "sql: over several lines": sql("ALTER TABLE\n  library_author\n  -- the year\n  DROP\n  COLUMN born"),
    "sql: in a comment": sql("-- DROP TABLE library_author\n/* ALTER TABLE x RENAME TO y */ SELECT 1"),
    "sql: in a string": sql("SELECT 'DROP TABLE library_author'"),
    "sql: list of statements": 'RunSQL([("SELECT %s", [1]), "ALTER TABLE library_author DROP born"])',
    "sql: ADD COLUMN NOT NULL": sql(
        "ALTER TABLE library_tag ADD COLUMN x integer NOT NULL DEFAULT 1; ALTER TABLE library_tag ALTER x DROP DEFAULT"
    ),
    "sql: ADD COLUMN NOT NULL DEFAULT": sql("ALTER TABLE library_tag ADD x integer NOT NULL DEFAULT 1"),
    "sql: ADD serial": sql("ALTER TABLE library_tag ADD x serial UNIQUE"),
    "sql: ADD CHECK": sql("ALTER TABLE library_author ADD CHECK (born > 0)"),
    "sql: ADD CHECK NOT VALID": sql("ALTER TABLE library_author ADD CHECK (born > 0) NOT VALID"),
    "sql: ADD CHECK of not null": sql(
        "ALTER TABLE library_author ADD CONSTRAINT nn CHECK (name IS NOT NULL) NOT VALID; "
        "ALTER TABLE library_author VALIDATE CONSTRAINT nn"
    ),
    "sql: ADD FOREIGN KEY": sql(
        "ALTER TABLE library_book ADD FOREIGN KEY (editor_id) REFERENCES library_author DEFERRABLE INITIALLY DEFERRED"
    ),
    "sql: SET NOT NULL": sql("ALTER TABLE library_cover ALTER colour SET NOT NULL"),
    "sql: DROP NOT NULL": sql("ALTER TABLE library_author ALTER name DROP NOT NULL"),
    "sql: SET SCHEMA": sql("CREATE SCHEMA other; ALTER TABLE library_tag SET SCHEMA other"),
    "sql: DROP DEFAULT": sql("ALTER TABLE library_author ALTER rank DROP DEFAULT"),
    "sql: SET DEFAULT": sql("ALTER TABLE library_author ALTER born SET DEFAULT 3"),
    "sql: TRUNCATE": sql("TRUNCATE library_cover"),
    "sql: TRUNCATE CASCADE": sql("truncate table only library_tag cascade"),
    "sql: TRUNCATE of another table": sql("TRUNCATE library_unrelated"),
    "sql: DELETE of all": sql("DELETE FROM library_cover"),
    "sql: UPDATE": sql("UPDATE library_shelf SET room = 2 WHERE room = 77"),
    "sql: DROP TABLE of another": sql("DROP TABLE library_unrelated"),
    "sql: DROP and CREATE": sql(
        "DROP TABLE library_cover",
        "CREATE TABLE library_cover (id bigserial PRIMARY KEY, "
        "book_id bigint NOT NULL UNIQUE REFERENCES library_book DEFERRABLE INITIALLY DEFERRED, colour varchar(9))",
    ),
    "sql: CREATE UNIQUE INDEX": sql("CREATE UNIQUE INDEX u ON library_author (name)"),
    "sql: CREATE UNIQUE INDEX lower": sql("CREATE UNIQUE INDEX u ON library_author (lower(name))"),
    "sql: CREATE INDEX of a cast": sql("CREATE INDEX i ON library_book (((note)::integer)) WHERE note <> ''"),
    "sql: CREATE INDEX CONCURRENTLY": "non-atomic:" + sql("CREATE INDEX CONCURRENTLY i ON library_author (name)"),
    "sql: DROP INDEX": sql("CREATE INDEX i ON library_author (name)", "DROP INDEX i"),
    "sql: anonymous block": sql("DO $$ BEGIN EXECUTE 'ALTER TABLE library_author DROP born'; END $$"),
    "sql: anonymous harmless block": sql("DO $$ BEGIN PERFORM 1; END $$"),
    "sql: DROP CONSTRAINT of a primary key": sql("ALTER TABLE library_cover DROP CONSTRAINT library_cover_pkey"),
    "sql: foreign key at once": sql(
        "ALTER TABLE library_book DROP CONSTRAINT IF EXISTS f",
        "DO $$ DECLARE c text; BEGIN SELECT conname INTO c FROM pg_constraint "
        "WHERE conrelid = 'library_book'::regclass AND contype = 'f' AND confrelid = 'library_author'::regclass; "
        "EXECUTE 'ALTER TABLE library_book ALTER CONSTRAINT ' || quote_ident(c) || ' NOT DEFERRABLE'; END $$",
    ),
    "sql: COMMENT": sql("COMMENT ON TABLE library_author IS 'DROP TABLE x'"),
    "sql: CLUSTER": sql("CLUSTER library_author USING library_author_pkey"),
}

MORE = {
    "trigger that refuses": sql(
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$",
        "CREATE TRIGGER no BEFORE INSERT ON library_author FOR EACH ROW EXECUTE FUNCTION no()",
    ),
    "trigger of another table": sql(
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$",
        "CREATE TRIGGER no BEFORE INSERT ON library_unrelated FOR EACH ROW EXECUTE FUNCTION no()",
    ),
    "table that a trigger writes to dropped": sql("DROP TABLE library_noted"),
    "table that a trigger writes to stricter": sql("ALTER TABLE library_noted ADD CHECK (label <> '0')"),
    "trigger dropped": sql("DROP TRIGGER trimmed ON library_tag"),
    "trigger disabled": sql("ALTER TABLE library_tag DISABLE TRIGGER trimmed"),
    "function of a trigger changed": sql(
        "CREATE OR REPLACE FUNCTION trimmed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"
    ),
    "rule that swallows": sql("CREATE RULE no AS ON INSERT TO library_author DO INSTEAD NOTHING"),
    "function of a default changed": sql(
        "CREATE OR REPLACE FUNCTION loan_number() RETURNS text LANGUAGE sql AS $$ SELECT NULL::text $$"
    ),
    "function of a default dropped": sql("DROP FUNCTION loan_number() CASCADE"),
    "function added": sql("CREATE FUNCTION another() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$"),
    "domain stricter": sql("ALTER DOMAIN amount ADD CHECK (VALUE < 100)"),
    "domain looser": sql("ALTER DOMAIN amount DROP CONSTRAINT amount_check"),
    "enum value added": sql("ALTER TYPE mood ADD VALUE 'bored'"),
    "enum value renamed": sql("ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'"),
    "enum to text": sql("ALTER TABLE library_loan ALTER mood TYPE text"),
    "enum with fewer values": sql(
        "CREATE TYPE moods AS ENUM ('glad', 'sad')",
        "ALTER TABLE library_loan ALTER mood TYPE moods USING mood::text::moods",
    ),
    "view dropped": sql("DROP VIEW library_summary"),
    "view replaced by another column": sql(
        "DROP VIEW library_summary", "CREATE VIEW library_summary AS SELECT id, title AS name FROM library_catalogue"
    ),
    "view made again": sql(
        "DROP VIEW library_summary", "CREATE VIEW library_summary AS SELECT id, title FROM library_catalogue WHERE true"
    ),
    "view with one column more": sql(
        "CREATE OR REPLACE VIEW library_summary AS SELECT id, title, isbn FROM library_catalogue"
    ),
    "materialized view without rows": sql("REFRESH MATERIALIZED VIEW library_digest WITH NO DATA"),
    "materialized view refreshed": sql("REFRESH MATERIALIZED VIEW library_digest"),
    "partition detached": sql("ALTER TABLE library_event DETACH PARTITION library_event_2025"),
    "partition dropped": sql("DROP TABLE library_event_2025"),
    "partition added": sql(
        "CREATE TABLE library_event_2027 PARTITION OF library_event FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')"
    ),
    "partition that refuses": sql("ALTER TABLE library_event_2026 ADD CHECK (what <> 'n')"),
    "partition emptied": sql("TRUNCATE library_event_2026"),
    "sequence renamed": sql("ALTER SEQUENCE library_author_id_seq RENAME TO other_seq"),
    "sequence of a function renamed": sql("ALTER SEQUENCE loan_number RENAME TO loan_numbers"),
    "sequence set back": sql("ALTER SEQUENCE library_author_id_seq RESTART WITH 1"),
    "sequence set on": sql("ALTER SEQUENCE library_author_id_seq RESTART WITH 5000"),
    "sequence shorter": sql("ALTER SEQUENCE library_author_id_seq MAXVALUE 5"),
    "identity dropped": sql("ALTER TABLE library_author ALTER id DROP IDENTITY"),
    "identity always": sql("ALTER TABLE library_author ALTER id SET GENERATED ALWAYS"),
    "identity by another sequence": sql(
        "ALTER TABLE library_author ALTER id DROP IDENTITY",
        "CREATE SEQUENCE others",
        "ALTER TABLE library_author ALTER id SET DEFAULT nextval('others')",
    ),
    "serial made identity": sql(
        "ALTER TABLE library_loan ALTER id DROP DEFAULT",
        "DROP SEQUENCE library_loan_id_seq",
        "ALTER TABLE library_loan ALTER id ADD GENERATED BY DEFAULT AS IDENTITY (START WITH 1000)",
    ),
    "generated column made plain": sql("ALTER TABLE library_book ALTER double DROP EXPRESSION"),
    "generated column computed otherwise": sql("ALTER TABLE library_book ALTER double SET EXPRESSION AS (pages * 3)"),
    "column made generated": sql(
        "ALTER TABLE library_author DROP born",
        "ALTER TABLE library_author ADD born integer GENERATED ALWAYS AS (1900) STORED",
    ),
    "SELECT revoked": sql("REVOKE SELECT ON library_tag FROM site"),
    "INSERT revoked": sql("REVOKE INSERT ON library_tag FROM site"),
    "rights on a sequence revoked": sql("REVOKE ALL ON SEQUENCE library_loan_id_seq FROM site"),
    "rights given": sql("GRANT SELECT ON library_tag TO PUBLIC"),
    "row security": sql(
        "ALTER TABLE library_tag ENABLE ROW LEVEL SECURITY; ALTER TABLE library_tag FORCE ROW LEVEL SECURITY"
    ),
    "row security of others": sql("ALTER TABLE library_tag ENABLE ROW LEVEL SECURITY"),
    "another table by the search path": sql(
        "CREATE SCHEMA other; CREATE TABLE other.library_cover (id integer)",
        "ALTER ROLE site SET search_path = other, public",
    ),
    "setting of the role": sql("ALTER ROLE site SET work_mem = '5MB'"),
    "type of the same name": sql("CREATE SCHEMA other; CREATE TYPE other.mood AS ENUM ('x')"),
    "table renamed behind a view": sql(
        "ALTER TABLE library_tag RENAME TO label", "CREATE VIEW library_tag AS SELECT * FROM label"
    ),
    "table swapped for one like it": sql(
        "CREATE TABLE other (LIKE library_cover INCLUDING ALL)",
        "DROP TABLE library_cover",
        "ALTER TABLE other RENAME TO library_cover",
    ),
    "unlogged table of another": sql("CREATE UNLOGGED TABLE other (id integer)"),
    "inherited by another": sql("CREATE TABLE other () INHERITS (library_tag)"),
    "statistics added": sql("CREATE STATISTICS s ON name, born FROM library_author"),
}

# Changes that the documentation of strong_migrations, squawk and django-migration-linter warns of, or recommends.
LINTERS = {
    "linters: json column added": sql("ALTER TABLE library_author ADD x json"),
    "linters: column with a volatile default added": sql(
        "ALTER TABLE library_author ADD x uuid NOT NULL DEFAULT gen_random_uuid()"
    ),
    "linters: unique constraint by its index": sql(
        "CREATE UNIQUE INDEX u ON library_author (name)",
        "ALTER TABLE library_author ADD CONSTRAINT u UNIQUE USING INDEX u",
    ),
    "linters: index added and renamed": (
        'AddIndex("author", models.Index(fields=["name"], name="by_name")), '
        'RenameIndex("author", new_name="by_names", old_name="by_name")'
    ),
    "linters: index added and removed": (
        'AddIndex("author", models.Index(fields=["name"], name="by_name")), RemoveIndex("author", "by_name")'
    ),
    "linters: default of a field not preserved": (
        'AddField("author", "x", models.IntegerField(default=1), preserve_default=False)'
    ),
    "linters: field added as nullable, then required": (
        'AddField("author", "x", models.IntegerField(null=True)), '
        'AlterField("author", "x", models.IntegerField(default=1))'
    ),
    "linters: field with db_default of now added": 'AddField("author", "x", models.DateTimeField(db_default=Now()))',
    "linters: json field added": 'AddField("author", "x", models.JSONField(null=True))',
    "linters: required foreign key added": (
        'AddField("author", "x", ForeignKey("library.Tag", CASCADE, default=1, related_name="+"))'
    ),
    "linters: comment of a table": 'AlterModelTableComment("author", "people")',
    "linters: comment of a column": 'AlterField("author", "born", models.IntegerField(null=True, db_comment="year"))',
    "linters: managers changed": 'AlterModelManagers("author", [("objects", models.Manager())])',
    "linters: lock of a table": sql("LOCK TABLE library_author IN ACCESS EXCLUSIVE MODE"),
    "linters: statistics of a column": sql("ALTER TABLE library_author ALTER name SET STATISTICS 500"),
    "linters: storage of a table": sql("ALTER TABLE library_author SET (fillfactor = 70)"),
    "linters: not null that is there already": sql("ALTER TABLE library_author ALTER name SET NOT NULL"),
    "linters: not null by a check, not validated": sql(
        "ALTER TABLE library_author ADD CONSTRAINT nn CHECK (born IS NOT NULL) NOT VALID"
    ),
    "linters: table made of a query": sql("CREATE TABLE other AS SELECT name FROM library_author"),
    "linters: column renamed by sql, state told": (
        'SeparateDatabaseAndState([RunSQL("ALTER TABLE library_author RENAME COLUMN born TO year")], '
        '[RenameField("author", "born", "year")])'
    ),
}

# Changes that were called safe and were not, and some like them that are safe, found by a review of the judge.
REVIEWED = {
    "reviewed: view of fewer rows": sql(
        "CREATE OR REPLACE VIEW library_summary AS SELECT id, title FROM library_catalogue WHERE false"
    ),
    "reviewed: function that a default calls revoked": sql(
        "REVOKE EXECUTE ON FUNCTION loan_number() FROM PUBLIC, site"
    ),
    "reviewed: published, and no row can be identified": sql(
        "CREATE PUBLICATION p FOR TABLE library_cover, library_book",
        "ALTER TABLE library_book REPLICA IDENTITY NOTHING",
    ),
    "reviewed: table behind a view revoked": sql("REVOKE SELECT ON library_catalogue FROM site"),
    "reviewed: table behind a view emptied": sql("TRUNCATE library_catalogue"),
    "reviewed: row security of a table behind a view": sql(
        "ALTER TABLE library_catalogue ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE library_catalogue FORCE ROW LEVEL SECURITY",
    ),
    "reviewed: foreign key deferrable, but at once": sql(
        "DO $$ DECLARE c text; BEGIN SELECT conname INTO c FROM pg_constraint "
        "WHERE conrelid = 'library_book'::regclass AND contype = 'f' AND confrelid = 'library_author'::regclass; "
        "EXECUTE 'ALTER TABLE library_book ALTER CONSTRAINT ' || quote_ident(c) || ' INITIALLY IMMEDIATE'; END $$"
    ),
    "reviewed: unique made deferrable": sql(
        "ALTER TABLE library_shelf DROP CONSTRAINT shelf_place",
        "ALTER TABLE library_shelf ADD CONSTRAINT shelf_place UNIQUE (place, room) DEFERRABLE",
    ),
    "reviewed: db_default changed": 'AlterField("author", "rank", models.IntegerField(db_default=2))',
    "reviewed: check that nothing passes": sql("ALTER TABLE library_author ADD CHECK (false) NOT VALID"),
    "reviewed: check of the whole row": sql(
        "ALTER TABLE library_author ADD CHECK (library_author.* IS NOT NULL) NOT VALID"
    ),
    "reviewed: new field that may not be null, by a check": (
        'AddField("author", "x", models.IntegerField(null=True)), postgres.AddConstraintNotValid("author", '
        'models.CheckConstraint(condition=Q(x__isnull=False), name="c"))'
    ),
    "reviewed: new field whose default its check refuses": sql(
        "ALTER TABLE library_author ADD x integer",
        "ALTER TABLE library_author ADD CHECK (x > 0) NOT VALID",
        "ALTER TABLE library_author ALTER x SET DEFAULT -1",
    ),
    "reviewed: new field whose default fails": sql(
        "ALTER TABLE library_author ADD x integer",
        "ALTER TABLE library_author ALTER x SET DEFAULT ('x' || random())::integer",
    ),
    "reviewed: check of a new field that may be null": sql(
        "ALTER TABLE library_author ADD x integer", "ALTER TABLE library_author ADD CHECK (x IS NULL OR x > 0)"
    ),
    "reviewed: foreign key from a table that was there": sql(
        "INSERT INTO library_unrelated SELECT 1 + n FROM generate_series(0,30) n ON CONFLICT DO NOTHING",
        "DELETE FROM library_unrelated WHERE id NOT IN (SELECT id FROM library_author)",
        "ALTER TABLE library_unrelated ADD FOREIGN KEY (id) REFERENCES library_author",
    ),
    "reviewed: sequence set to its end": sql("SELECT setval('library_author_id_seq', 9223372036854775806)"),
    "reviewed: sequence of a function shorter": sql("ALTER SEQUENCE loan_number MAXVALUE 3"),
    "reviewed: sequence in the schema of the role": sql(
        "CREATE SCHEMA site; CREATE SEQUENCE site.loan_number MAXVALUE 2"
    ),
    "reviewed: partition renamed": sql("ALTER TABLE library_event_2026 RENAME TO library_event_this"),
    "reviewed: block that asks for rows first": sql(
        "DO $$ BEGIN IF EXISTS (SELECT FROM library_author) THEN ALTER TABLE library_author DROP born; END IF; END $$"
    ),
    "reviewed: python that asks for rows first": (
        'RunPython(lambda apps, editor: apps.get_model("library", "Author").objects.exists() '
        'and editor.execute("ALTER TABLE library_author DROP born"))'
    ),
    "reviewed: values written anew": sql("ALTER TABLE library_book ALTER title TYPE varchar(50) USING 'x' || title"),
    "reviewed: values cast": sql("ALTER TABLE library_author ALTER born TYPE bigint USING born::bigint"),
    "reviewed: unique where a new field is filled": (
        'AddField("author", "x", models.IntegerField(null=True)), AddConstraint("author", '
        'models.UniqueConstraint(fields=["name"], condition=Q(x__isnull=False), name="u"))'
    ),
    "reviewed: partition with a foreign key": sql(
        "ALTER TABLE library_event_2026 ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES library_author NOT VALID"
    ),
    "reviewed: new field whose default refers to nothing": sql(
        "CREATE TABLE other (id integer PRIMARY KEY)",
        "ALTER TABLE library_author ADD x integer",
        "ALTER TABLE library_author ADD FOREIGN KEY (x) REFERENCES other",
        "ALTER TABLE library_author ALTER x SET DEFAULT 7",
    ),
    "reviewed: DELETE in a block": sql("DO $$ BEGIN DELETE FROM library_cover; END $$"),
    "reviewed: database made read-only": sql(
        "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || "
        "' SET default_transaction_read_only = on'; END $$"
    ),
    "reviewed: rows with numbers of their own": sql(
        "INSERT INTO library_author (id, name) VALUES (2, 'Bea'), (4, 'Cy')"
    ),
    "reviewed: DELETE where true": sql("DELETE FROM library_cover WHERE true"),
}

CHANGES = {**MODELS, **FIELDS, **RELATIONS, **CONSTRAINTS, **OWN, **SQL, **MORE, **LINTERS, **REVIEWED}
