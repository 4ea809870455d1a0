"""The objects that can be drawn, by name. Knows their shapes; knows no colour or style."""

from collections.abc import Callable, Mapping

from services.standalone.sample.objects import (
    animals,
    finery,
    home,
    kitchen,
    plants,
    things,
    vehicles,
)
from services.standalone.sample.shapes import Parts

OBJECTS: Mapping[str, Callable[[], Parts]] = {
    "apple": plants.apple,
    "bell": finery.bell,
    "bird": animals.bird,
    "book": things.book,
    "bottle": kitchen.bottle,
    "butterfly": animals.butterfly,
    "cactus": plants.cactus,
    "car": vehicles.car,
    "cat": animals.cat,
    "chair": home.chair,
    "clock": home.clock,
    "crown": finery.crown,
    "cup": kitchen.cup,
    "fish": animals.fish,
    "flower": plants.flower,
    "gift": finery.gift,
    "guitar": things.guitar,
    "heart": finery.heart,
    "hot-air balloon": vehicles.hot_air_balloon,
    "house": home.house,
    "ice cream": kitchen.ice_cream,
    "key": things.key,
    "kite": things.kite,
    "lamp": home.lamp,
    "leaf": plants.leaf,
    "mushroom": plants.mushroom,
    "owl": animals.owl,
    "rocket": vehicles.rocket,
    "sailing boat": vehicles.sailing_boat,
    "shirt": finery.shirt,
    "snail": animals.snail,
    "sock": finery.sock,
    "star": finery.star,
    "teapot": kitchen.teapot,
    "tree": plants.tree,
    "umbrella": things.umbrella,
}
