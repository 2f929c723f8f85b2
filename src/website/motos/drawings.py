"""Pictures for the demonstration: each motorcycle is drawn from its data, always in the same way."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, pi, sin
from typing import TYPE_CHECKING

from website.motos.models import Motorcycle

if TYPE_CHECKING:
    from PIL import ImageDraw

__all__ = ["VIEWS", "draw"]

SIZE = (960, 720)
# Drawn twice as large and then reduced: Pillow's polygons have hard edges.
OVERSAMPLING = 2

COLOURS = {
    "rouge": "#b5342b",
    "bleu": "#22406e",
    "vert": "#4f7350",
    "noir": "#2a2c30",
    "gris": "#66707a",
    "ivoire": "#ece3cc",
    "jaune": "#d9a42b",
    "orange": "#c8672c",
    "turquoise": "#2f9c99",
    "bordeaux": "#6d1f33",
}
# Sky above, sky below, hill, ground, sun.
SCENES = (
    ("#f6e7c8", "#f3c98b", "#cfa772", "#8f7a5c", "#e9823b"),
    ("#d9ecee", "#b6d8d4", "#8db59f", "#64756a", "#fff3d0"),
    ("#e5def0", "#f0c7b9", "#a98aa0", "#6d6274", "#f7b98d"),
    ("#cfe0ee", "#e8e6d6", "#a9b58b", "#7d7a63", "#fbe3a1"),
    ("#25344b", "#5a5f7f", "#3c4a57", "#2b3038", "#f4e3b8"),
)

Point = tuple[float, float]


@dataclass(frozen=True)
class View:
    """How a motorcycle is looked at: *zoom*, and the point of it (on a canvas of 960 × 720) that is in the middle."""

    name: str
    zoom: float
    centre: Point
    scene: int


VIEWS = (
    View("vue de profil", 1, (480, 360), 0),
    View("le moteur et le réservoir", 1.9, (480, 340), 1),
    View("le phare et la roue avant", 2.1, (700, 380), 2),
)


@dataclass(frozen=True)
class Shape:
    """The shape by which a kind of motorcycle is recognised: its tank, seat, nose and bars, wheel sizes."""

    tank: tuple[Point, ...]
    seat: tuple[Point, ...]
    nose: tuple[Point, ...]
    bars: tuple[Point, ...]
    wheels: tuple[float, float] = (112, 112)
    pipe: float = 500


SHAPES = {
    "roadster": Shape(
        ((425, 300), (480, 250), (580, 248), (612, 290), (560, 330), (440, 330)),
        ((270, 268), (300, 258), (430, 292), (440, 325), (330, 312)),
        ((640, 262), (690, 268), (692, 300), (650, 306)),
        ((600, 250), (626, 212), (590, 204)),
    ),
    "trail": Shape(
        ((430, 285), (470, 225), (575, 215), (625, 275), (560, 325), (440, 325)),
        ((235, 255), (300, 245), (430, 270), (440, 318), (320, 300)),
        ((630, 225), (665, 205), (790, 268), (700, 262), (650, 300)),
        ((596, 215), (612, 168), (560, 160)),
        (112, 126),
        465,
    ),
    "sport": Shape(
        ((415, 300), (470, 240), (570, 240), (620, 300), (560, 340), (440, 335)),
        ((235, 232), (330, 262), (420, 300), (430, 330), (300, 290)),
        ((575, 300), (640, 215), (745, 290), (700, 330), (660, 440), (470, 452), (455, 400)),
        ((600, 262), (640, 244), (606, 238)),
    ),
    "cruiser": Shape(
        ((430, 318), (470, 268), (590, 262), (630, 300), (560, 338), (440, 338)),
        ((250, 330), (275, 296), (330, 318), (430, 322), (440, 350), (330, 362)),
        ((655, 255), (700, 262), (700, 302), (660, 306)),
        ((610, 255), (600, 190), (535, 200)),
        (118, 110),
        520,
    ),
    "classic": Shape(
        ((420, 305), (440, 268), (500, 252), (585, 262), (610, 300), (560, 322), (440, 322)),
        ((265, 290), (300, 278), (420, 288), (425, 315), (290, 316)),
        ((645, 258), (688, 258), (692, 300), (650, 304)),
        ((604, 258), (618, 218), (575, 214)),
        (116, 116),
        512,
    ),
}


def draw(motorcycle: Motorcycle, view: View) -> io.BytesIO:
    """*motorcycle* seen as *view* says: a PNG of 960 × 720 pixels."""
    from PIL import Image, ImageDraw

    numbers = _numbers(f"{motorcycle.model.name} {motorcycle.year} {motorcycle.colour}")
    width, height = (side * OVERSAMPLING for side in SIZE)
    canvas = Image.new("RGB", (width, height))
    scene = SCENES[(next(numbers) + view.scene) % len(SCENES)]
    pencil = Pencil(ImageDraw.Draw(canvas), view)
    _scenery(pencil, scene, next(numbers))
    _motorcycle(pencil, motorcycle, numbers)
    buffer = io.BytesIO()
    canvas.reduce(OVERSAMPLING).save(buffer, "PNG", compress_level=1)
    buffer.seek(0)
    return buffer


class Pencil:
    """Draws in the coordinates of the motorcycle, as the view has them."""

    def __init__(self, on: ImageDraw.ImageDraw, view: View) -> None:
        self._on = on
        self._view = view
        self._scale = view.zoom * OVERSAMPLING

    def _at(self, point: Point) -> Point:
        x, y = (
            (value - centre) * self._scale + side / 2 * OVERSAMPLING
            for value, centre, side in zip(point, self._view.centre, SIZE, strict=True)
        )
        return x, y

    def polygon(self, points: tuple[Point, ...], fill: str) -> None:
        self._on.polygon([self._at(point) for point in points], fill)

    def line(self, points: tuple[Point, ...], fill: str, width: float) -> None:
        thick = round(width * self._scale)
        self._on.line([self._at(point) for point in points], fill, thick, joint="curve")
        for point in (points[0], points[-1]):
            self.disc(point, width / 2, fill)

    def disc(
        self, centre: Point, radius: float, fill: str | None, outline: str | None = None, width: float = 0
    ) -> None:
        x, y = self._at(centre)
        reach = radius * self._scale
        self._on.ellipse((x - reach, y - reach, x + reach, y + reach), fill, outline, round(width * self._scale))

    def band(self, top: float, bottom: float, fill: str) -> None:
        self.polygon(((-2000, top), (3000, top), (3000, bottom), (-2000, bottom)), fill)


def _scenery(pencil: Pencil, scene: tuple[str, ...], number: int) -> None:
    above, below, hill, ground, sun = scene
    steps = 24
    for step in range(steps):
        pencil.band(-400 + step * 40, -400 + (step + 1) * 40, _mix(above, below, step / steps))
    pencil.disc((140 + number * 2.6, 170), 70, sun)
    for index in range(5):
        pencil.disc((index * 260 - 60 + number % 90, 640), 210 - (index * 37 + number) % 80, hill)
    pencil.band(560, 2000, ground)
    pencil.polygon(((150, 588), (830, 588), (780, 606), (200, 606)), _mix(ground, "#000000", 0.35))


def _motorcycle(pencil: Pencil, motorcycle: Motorcycle, numbers: Iterator[int]) -> None:
    shape = SHAPES[_kind(motorcycle)]
    paint = next((value for name, value in COLOURS.items() if motorcycle.colour.startswith(name)), "#7b6a9c")
    dark, light = _mix(paint, "#000000", 0.35), _mix(paint, "#ffffff", 0.35)
    steel, black, rim = "#b9bec2", "#1b1d20", ("#c9ccd0", "#33363b", "#b58b3b")[next(numbers) % 3]
    rear, front = (290.0, 590 - shape.wheels[0]), (705.0, 590 - shape.wheels[1])

    for centre, radius in ((rear, shape.wheels[0]), (front, shape.wheels[1])):
        _wheel(pencil, centre, radius, rim, spokes=next(numbers) % 5 + 5)
    pencil.line((rear, (470, 440)), black, 20)
    pencil.line(((350, 330), rear), steel, 9)
    pencil.line((front, (628, 250)), steel, 16)
    pencil.line((front, (660, 360)), black, 24)
    top = front[1] - shape.wheels[1] - 14
    pencil.polygon(
        ((622, top + 56), (650, top + 14), (705, top), (762, top + 12), (790, top + 40), (705, top + 20)), paint
    )
    pencil.line(((620, 275), (450, 320), (330, 310)), black, 16)
    pencil.line(((610, 300), (560, 460), (440, 470), (420, 320)), black, 16)
    if motorcycle.engine_cc:
        pencil.line(((560, 380), (570, 470), (480, shape.pipe), (260, shape.pipe - 22)), steel, 16)
        pencil.line(((370, shape.pipe - 11), (225, shape.pipe - 28)), "#8c9196", 26)
        pencil.polygon(((430, 400), (560, 400), (575, 480), (440, 490)), "#4a4e54")
        pencil.polygon(((460, 330), (545, 330), (560, 405), (455, 405)), "#666b72")
        for fin in range(5):
            pencil.line(((456, 342 + fin * 13), (552, 342 + fin * 13)), "#8b9097", 4)
        pencil.disc((470, 450), 30, "#777c83")
        pencil.disc((470, 450), 16, paint)
    else:
        pencil.polygon(((425, 335), (580, 335), (565, 480), (440, 485)), "#33383e")
        for bar in range(4):
            pencil.line(((450, 365 + bar * 28), (555, 365 + bar * 28)), light, 8)
    pencil.polygon(shape.seat, black)
    pencil.polygon(shape.tank, paint)
    middle = tuple((x, y * 0.55 + 0.45 * 325) for x, y in shape.tank)
    pencil.polygon(middle, dark)
    pencil.line((shape.tank[1], shape.tank[2]), light, 7)
    pencil.polygon(shape.nose, paint if len(shape.nose) > 4 else black)
    pencil.disc((shape.nose[1][0] - 4, shape.nose[1][1] + 22), 20, "#fff4c9", steel, 5)
    pencil.line(shape.bars, black, 9)
    pencil.line((shape.bars[-1], (shape.bars[-1][0] - 26, shape.bars[-1][1] + 4)), "#3b3f45", 15)
    pencil.disc((shape.seat[0][0] - 4, shape.seat[0][1] + 12), 10, "#d8442f")


def _wheel(pencil: Pencil, centre: Point, radius: float, rim: str, spokes: int) -> None:
    pencil.disc(centre, radius, "#17181a")
    pencil.disc(centre, radius - 22, None, rim, 9)
    for spoke in range(spokes):
        angle = 2 * pi * spoke / spokes
        end = (centre[0] + (radius - 26) * cos(angle), centre[1] + (radius - 26) * sin(angle))
        pencil.line((centre, end), rim, 6)
    pencil.disc(centre, 44, None, "#9ea3a8", 5)
    pencil.disc(centre, 14, rim)


def _kind(motorcycle: Motorcycle) -> str:
    if motorcycle.power_kw >= 80:
        return "sport"
    if motorcycle.engine_cc >= 1250:
        return "cruiser"
    kinds = ("roadster", "trail", "classic")
    return kinds[next(_numbers(motorcycle.model.name)) % len(kinds)]


def _mix(one: str, other: str, part: float) -> str:
    """The colour *part* of the way from *one* to *other*."""
    pairs = ((int(one[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in pairs)


def _numbers(seed: str) -> Iterator[int]:
    """Numbers from 0 to 255 that follow from *seed*, without end."""
    block = seed.encode()
    while True:
        block = hashlib.sha256(block).digest()
        yield from block
