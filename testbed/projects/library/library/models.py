"""The models of the release that serves, with one of each kind of thing that a migration can take away."""

from django.db import models
from django.db.models.functions import Now


class Author(models.Model):
    name = models.CharField(max_length=50)
    born = models.IntegerField(null=True)
    rank = models.IntegerField(db_default=1)


class Tag(models.Model):
    label = models.CharField(max_length=20)


class Shelf(models.Model):
    place = models.CharField(max_length=20)
    room = models.IntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["place", "room"], name="shelf_place")]


class Book(models.Model):
    title = models.CharField(max_length=50)
    isbn = models.CharField(max_length=13, unique=True)
    author = models.ForeignKey(Author, models.CASCADE)
    editor = models.ForeignKey(Author, models.CASCADE, related_name="edited", null=True, db_constraint=False)
    shelf = models.ForeignKey(Shelf, models.SET_NULL, null=True)
    price = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    pages = models.IntegerField(default=0)
    weight = models.SmallIntegerField(default=-1)
    note = models.TextField(default="", blank=True)
    code = models.CharField(max_length=10, default="x")
    slug = models.CharField(max_length=20, default="")
    made = models.DateTimeField(db_default=Now())
    double = models.GeneratedField(
        expression=models.F("pages") * 2, output_field=models.IntegerField(), db_persist=True
    )
    tags = models.ManyToManyField(Tag)

    class Meta:
        unique_together = [("author", "title")]
        constraints = [models.CheckConstraint(condition=models.Q(pages__gte=-5), name="some_pages")]


class Cover(models.Model):
    book = models.OneToOneField(Book, models.CASCADE)
    colour = models.CharField(max_length=9, null=True)


class Novel(Book):
    genre = models.CharField(max_length=20, default="")


class Summary(models.Model):
    title = models.CharField(max_length=50)

    class Meta:
        managed = False
        db_table = "library_summary"


class Digest(models.Model):
    name = models.CharField(max_length=50)

    class Meta:
        managed = False
        db_table = "library_digest"


class Event(models.Model):
    day = models.DateField()
    what = models.CharField(max_length=20)

    class Meta:
        managed = False
        db_table = "library_event"


class Loan(models.Model):
    mood = models.CharField(max_length=9)
    amount = models.IntegerField()
    number = models.CharField(max_length=20, db_default=models.Value(""))

    class Meta:
        managed = False
        db_table = "library_loan"
