"""The thousand ImageNet classes in plain English: names that need mending, and kinds of things.

Data only; knows no probability and no network. Numbers are classes of ILSVRC 2012 in timm's order.
A class in no kind stands for itself.
"""

from collections.abc import Mapping

NAMES: Mapping[int, str] = {
    7: "cockerel", 20: "dipper", 21: "kite bird", 27: "newt", 33: "sea turtle", 97: "duck",
    98: "merganser", 101: "elephant", 195: "Boston terrier", 260: "chow chow", 263: "corgi",
    264: "corgi", 281: "tabby cat", 282: "tabby cat", 296: "polar bear", 301: "ladybird",
    313: "stick insect", 321: "red admiral butterfly", 322: "ringlet butterfly",
    323: "monarch butterfly", 326: "blue butterfly", 332: "angora rabbit", 339: "horse",
    341: "pig", 383: "lemur", 387: "red panda", 388: "panda", 391: "salmon", 397: "pufferfish",
    408: "amphibious vehicle", 412: "dustbin", 419: "plaster", 428: "wheelbarrow",
    436: "estate car", 465: "vest", 447: "binoculars", 450: "bobsleigh", 456: "archery bow",
    458: "plaque",
    459: "bra", 468: "taxi", 487: "mobile phone", 514: "boot", 517: "construction crane",
    521: "slow cooker",
    529: "nappy", 544: "cooking pot", 553: "filing cabinet", 573: "go-kart", 589: "hair dryer",
    590: "handheld computer", 601: "hoop skirt", 605: "music player", 608: "jeans",
    609: "jeep", 610: "T-shirt", 630: "loafer", 636: "postbag", 638: "swimsuit", 639: "swimsuit",
    652: "uniform", 661: "vintage car", 673: "computer mouse", 675: "removal van",
    680: "baby bottle", 681: "laptop", 689: "", 697: "pyjamas", 717: "pickup truck",
    724: "pirate ship", 726: "carpenter's plane", 735: "poncho", 738: "flowerpot",
    751: "racing car", 757: "camper van", 776: "saxophone", 782: "screen", 800: "slot machine",
    818: "spotlight", 824: "shawl", 829: "tram", 831: "sofa", 836: "sunglasses",
    837: "sunglasses", 840: "mop", 842: "shorts", 844: "light switch", 847: "tank",
    850: "teddy bear", 867: "lorry", 881: "upright piano", 882: "vacuum cleaner", 885: "",
    897: "washing machine", 906: "tie", 911: "", 916: "web page", 934: "hot dog", 936: "cabbage",
    939: "courgette", 948: "green apple", 966: "red wine", 970: "mountain", 975: "lake",
    976: "headland", 981: "baseball player", 982: "bridegroom", 985: "daisy", 986: "orchid",
    987: "corn", 992: "mushroom", 998: "ear of corn", 999: "toilet paper",
}  # fmt: skip
"""Instead of the first synonym where that is rare, American or two things at once; empty for cloth
and for what the classifier takes for many things: only their kinds are named."""

KINDS: Mapping[str, str] = {
    "shark": "2-4", "fish": "0-6 389-397", "bird": "7-24 80-100 127-146",
    "bird of prey": "21-24", "duck": "97-98", "frog": "30-32", "salamander": "25-29",
    "turtle": "33-37", "lizard": "38-48", "crocodile": "49-50", "snake": "52-68",
    "spider": "70 72-77", "kangaroo": "104", "snail": "112-113", "crab": "118-121 125",
    "lobster": "122-124", "whale": "147-148", "seal": "150", "dog": "151-268 273-275",
    "wolf": "269-272", "fox": "277-280", "cat": "281-285", "big cat": "286-293",
    "bear": "294-297", "beetle": "300-307", "insect": "300-326", "butterfly": "321-326",
    "rabbit": "330-332", "cow": "345-347", "sheep": "348-349", "antelope": "350-353",
    "weasel": "356-359", "monkey": "365-384", "elephant": "101 385-386", "panda": "387-388",
    "coral": "109 973", "shirt": "610 841", "jumper": "474 841 911",
    "coat": "501 568 617 735 869", "dress": "399 400 578 601 614 689 887",
    "skirt": "601 655 689 775", "trousers": "608 697", "swimwear": "445 638-639 842",
    "shoe": "502 630 770 774 514", "hat": "433 439 452 515 667 715 793 808", "tie": "451 457 906",
    "helmet": "518 560 715", "sunglasses": "836-837", "bag": "414 636 728 748",
    "necklace": "679", "watch": "531 826", "clock": "409 530 892 604", "car": "436 468 511 609 "
    "627 656 661 717 751 817", "bus": "654 779 874", "lorry": "555 569 675 864 867",
    "bicycle": "444 671", "motorbike": "665 670", "train": "466 547 565 705 820 829",
    "aeroplane": "404 895 908", "ship": "403 510 628 724 780", "boat": "472 484 554 576 625 814 "
    "871 914", "bridge": "821 839 888", "church": "406 497 663 884", "mosque": "668",
    "tower": "437 900", "shop": "415 424 454 467 509 582 788 860 865", "fence": "489 716 912",
    "chair": "423 559 765 857", "table": "532 736", "bed": "431 516 520 564 831",
    "cupboard": "493 495 553 648 894", "bookcase": "453", "lamp": "619 818 846",
    "computer": "508 527 590 620 664 681 782", "telephone": "487 528 707", "camera": "732 759",
    "piano": "579 881", "guitar": "402 546", "violin": "486 889", "brass instrument": "513 566 "
    "875", "flute": "432 558 683 699", "drum": "541 822", "gun": "413 763-764",
    "ball": "429-430 522 574 722 768 805 852 890", "bottle": "440 720 737 898-899 901 907",
    "glass": "441 572", "cup": "504 647 967-968", "pot": "469 505 521 544 567 849 909",
    "bowl": "659 809", "pen": "418 563 749", "curtain": "794 854 904-905", "box": "478 492 519 "
    "709", "bread": "930-932", "pizza": "963", "cake": "927", "ice cream": "928-929",
    "burger": "933", "apple": "948", "squash": "940-942", "vegetables": "936-946",
    "fruit": "948-957", "mushroom": "947 991-997", "flower": "985-986", "mountain": "970 979-980",
    "beach": "977-978", "coast": "972 976-978",
}  # fmt: skip
"""Kinds of a few classes each; a class may be of several."""

BROAD: Mapping[str, str] = {
    "animal": "0-397",
    "clothing": "399-400 411 439 443 445 451-452 457 459 465 474 501 515 529 552 568 578 601 608 "
    "610 614 617 638-639 652 655 658 667 689 697 735 775 808 824 834 841-842 869 885 887 906 911",
    "vehicle": "403-404 407-408 436 444 466 468 472 484 510-511 547 554-555 565 569 573 576 "
    "586 595 603 609 612 625 627-628 654 656 661 665 670-671 675 690 705 717 724 734 751 757 779 "
    "780 802-803 814 817 820 829 833 847 856 864 866-867 870-871 874 880 895 914",
    "building": "406 410 415 424-425 437 442 449 454 467 483 497-498 509 538 580 582 624 634 "
    "649 660 663 668 698 706 727 743 762 788 832 858 860 865 873 900",
    "furniture": "423 431 453 493 495 516 520 526 532 548 553 559 564 648 703 736 765 831 857 894",
    "musical instrument": "401-402 420 432 486 513 541 546 558 566 577 579 593-594 641-642 "
    "683-684 687 699 776 822 875 881 889",
    "food": "924-967 969 987",
    "landscape": "970 972-980",
    "tool": "462 473 491 512 587 596 618 623 696 731 740 784 792 813",
    "kitchenware": "441 463 469 499 503-505 521 534 544 550 567 572 618 647 651 659 725 760 "
    "766 773 809 813 827-828 849 859 868 891 909-910 923 968",
    "plant": "984-986 988-990 998",
}
"""What is left to say where no kind is likely enough."""
