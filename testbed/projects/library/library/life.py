"""The work of the serving release with its tables: the truth that the judge of migrations is held against."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal

from django.db import IntegrityError, transaction
from library.models import Author, Book, Cover, Digest, Event, Loan, Novel, Shelf, Summary, Tag

DAY = datetime.date(2026, 5, 1)


def seed() -> None:
    """The rows that there are when the migration comes."""
    author = Author.objects.create(name="Ada", born=1815)
    Shelf.objects.bulk_create(Shelf(place=f"gone {n}") for n in range(40))
    Shelf.objects.all().delete()  # its next number is none that another table has
    shelf = Shelf.objects.create(place="cellar", pk=1)
    book = Book.objects.create(title="Notes", isbn="1", author=author, shelf=shelf, price=Decimal("1.50"), pages=3)
    book.tags.add(Tag.objects.create(label="old"))
    Cover.objects.create(book=book, colour="red")
    Novel.objects.create(title="Flatland", isbn="2", author=author, genre="maths")
    Event.objects.create(day=DAY, what="opened")
    Event.objects.create(day=datetime.date(2025, 5, 1), what="planned")
    Loan.objects.create(mood="glad", amount=3)


def live() -> list[str]:
    """Use every model as the release does. Returns what went wrong, by the name of what was tried."""
    wrong = []
    for attempt in ATTEMPTS:
        try:
            with transaction.atomic():
                attempt()
        except Exception as error:
            first = str(error).strip().splitlines() or [""]
            wrong.append(f"{attempt.__name__}: {type(error).__name__}: {first[0]}")
    return wrong


def read_all() -> None:
    counts = {
        model: len(list(model.objects.all()))
        for model in (Author, Tag, Shelf, Book, Cover, Novel, Summary, Event, Loan)
    }
    assert counts == {Author: 1, Tag: 1, Shelf: 1, Book: 2, Cover: 1, Novel: 1, Summary: 2, Event: 2, Loan: 1}, counts
    list(Digest.objects.all())


def read_values() -> None:
    book = Book.objects.get(isbn="1")
    found = (book.title, book.price, book.pages, book.weight, book.note, book.code, book.double, book.author.name)
    assert found == ("Notes", Decimal("1.50"), 3, -1, "", "x", 6, "Ada"), found
    assert type(book.price) is Decimal and type(book.pages) is int and type(book.made) is datetime.datetime
    assert (Author.objects.get().rank, Author.objects.get().born, Tag.objects.get().label) == (1, 1815, "old")
    assert Book.objects.filter(title__contains="ote", note__iexact="").count() == 1
    assert not Book.objects.filter(title="NOTES").exists()
    assert [tag.label for tag in book.tags.all()] == ["old"] and book.cover.colour == "red"
    assert Loan.objects.get().number.startswith("L") and Loan.objects.get().mood == "glad"


def write_author() -> None:
    one = Author.objects.create(name="x" * 50)
    assert one.rank == 1 and one.pk, one.rank
    Author.objects.create(name="x" * 50, born=-(2**31))
    Author.objects.create(name="", born=2**31 - 1, rank=-5)
    one.born = None
    one.save()
    again = Author(pk=one.pk + 1_000_000, name="chosen")
    again.save(force_insert=True)
    for chosen in (one, again):
        chosen.delete()


def write_book() -> None:
    author = Author.objects.get(name="Ada")
    for number, pages in enumerate((-5, 0, 2_000)):
        made = Book.objects.create(title=f"t{number}", isbn=f"n{number}", author=author, pages=pages, weight=-(2**15))
        assert made.double == pages * 2 and made.made is not None
        made.refresh_from_db()
        assert made.double == pages * 2
    made.title, made.note, made.code, made.slug = "y" * 50, "z" * 3000, "0123456789", "s" * 20
    made.price, made.weight = Decimal("-999999.99"), 2**15 - 1
    made.save()
    made.refresh_from_db()
    assert (made.title, made.code, made.price) == ("y" * 50, "0123456789", Decimal("-999999.99"))
    made.price, made.shelf, made.editor_id = None, None, 987_654  # no constraint: an editor that is not there
    made.save()
    Book.objects.filter(pk=made.pk).update(editor=None, code="", note="a/b%c 0 not a number")
    Book.objects.filter(title__startswith="t").delete()


def write_in_bulk() -> None:
    author = Author.objects.get(name="Ada")
    books = [Book(title=f"b{n}", isbn=f"b{n}", author=author) for n in range(3)]
    Book.objects.bulk_create(books)
    Book.objects.bulk_create(books, ignore_conflicts=True)
    shelves = [Shelf(place="attic", room=2), Shelf(place="attic", room=3)]
    Shelf.objects.bulk_create(shelves, update_conflicts=True, unique_fields=["place", "room"], update_fields=["room"])
    Shelf.objects.bulk_create(shelves, update_conflicts=True, unique_fields=["place", "room"], update_fields=["room"])


def write_relations() -> None:
    author, shelf = Author.objects.create(name="Bea"), Shelf.objects.create(place="hall")
    # In the other order, as fixtures do: what is referred to comes before the end of the transaction.
    early = Book(title="early", isbn="e", author_id=author.pk + 10, shelf=shelf)
    early.save()
    Author(pk=author.pk + 10, name="late").save()
    book = Book.objects.create(title="r", isbn="r", author=author, editor=author, shelf=shelf)
    tags = [Tag.objects.create(label=f" {n} ") for n in range(2)]
    assert Tag.objects.get(pk=tags[0].pk).label == "0"
    book.tags.add(*tags)
    book.tags.add(*tags)
    assert book.tags.count() == 2 and tags[0].book_set.get() == book
    book.tags.set(tags[:1])
    Cover.objects.create(book=book)
    other = Book.objects.create(title="s", isbn="s", author=author, editor=author, shelf=shelf)
    other.tags.set(tags)
    Cover.objects.create(book=other, colour=None)
    Novel.objects.create(title="n", isbn="n", author=author).delete()
    assert author.book_set.select_related("shelf", "editor", "cover").count() == 2
    shelf.delete()
    assert Book.objects.get(pk=book.pk).shelf is None
    author.delete()


def write_unmanaged() -> None:
    Event.objects.create(day=datetime.date(2025, 1, 1), what="w" * 20)
    Event.objects.create(day=DAY, what="")
    for mood in ("glad", "sad", "calm"):
        loan = Loan.objects.create(mood=mood, amount=1)
        assert loan.number.startswith("L"), loan.number
    Loan.objects.filter(mood="sad").update(mood="calm", amount=2**31 - 1)
    Loan.objects.create(mood="sad", amount=2, number="own")
    Event.objects.filter(day=DAY).delete()


def new_numbers_are_free() -> None:
    for _ in range(3):
        Author.objects.create(name="n")
        Event.objects.create(day=DAY, what="n")
        Loan.objects.create(mood="sad", amount=1)


def refused_as_declared() -> None:
    author = Author.objects.get(name="Ada")
    refused: list[Callable[[], object]] = [
        lambda: Book.objects.create(title="other", isbn="1", author=author),
        lambda: Book.objects.create(title="Notes", isbn="77", author=author),
        lambda: Shelf.objects.create(place="cellar"),
        lambda: Cover.objects.create(book=Book.objects.get(isbn="1")),
        lambda: Cover(pk=Cover.objects.get().pk, book=Book.objects.get(isbn="2")).save(force_insert=True),
    ]
    for attempt in refused:
        try:
            with transaction.atomic():
                attempt()
        except IntegrityError:
            continue
        raise AssertionError("a row that the models refuse twice was taken twice")


def keep() -> None:
    author, shelf = Author.objects.create(name="Kay"), Shelf.objects.create(place="kept")
    Book.objects.create(title="kept", isbn="k", author=author, shelf=shelf, editor_id=987_654)


def delete_everything() -> None:
    Book.objects.all().delete()
    Author.objects.all().delete()


ATTEMPTS = (
    read_all,
    read_values,
    refused_as_declared,
    write_author,
    write_book,
    write_in_bulk,
    write_relations,
    write_unmanaged,
    new_numbers_are_free,
    keep,
    delete_everything,
)
