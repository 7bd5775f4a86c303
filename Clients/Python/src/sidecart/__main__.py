"""``python -m sidecart``: bundles from other libraries' models, and to other tools."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Any

# By the name on the command line: the module, and what it reads.
LIBRARIES = {
    "implicit": ("implicit", "ALS, BPR, logistic factors and item-item models of implicit"),
    "lightfm": ("lightfm", "models of LightFM, with features or without"),
    "scikit-learn": ("sklearn", "NMF, TruncatedSVD and NearestNeighbors of scikit-learn"),
    "torch": ("torch", "embedding weights of a PyTorch state dict"),
    "tensorflow": ("tensorflow", "two-tower models and embedding layers of TensorFlow and Keras"),
    "pyspark": ("pyspark", "ALSModel of Spark ML"),
    "surprise": ("surprise", "SVD++ and SVD of Surprise"),
}


def main(arguments: Sequence[str] | None = None, program: str = "python -m sidecart") -> int:
    """Runs a command; returns its exit code: 0, 1 for a failure, 2 for wrong usage.

    Args:
        arguments: None takes those of the process.
        program: what help and errors call it.
    """
    try:
        options = _parser(program).parse_args(arguments)
        options.run(options)
    except (ModuleNotFoundError, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program,
        description="Makes bundles for `sidecart serve` from the models of other libraries, and exports them.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    importing = commands.add_parser(
        "import",
        help="make a bundle of another library's model",
        description="Makes a bundle of a model that another library trained and saved. What is served are its own scores.",
    )
    libraries = importing.add_subparsers(required=True, metavar="LIBRARY")
    for name, (module, what) in LIBRARIES.items():
        _add_import(libraries, name, module, what, program)
    exporting = commands.add_parser(
        "export",
        help="write a bundle's vectors, lists and ids for other tools",
        description="Writes what is in a bundle as Parquet tables or NumPy arrays, or its vectors as matrices that faiss takes.",
        epilog=f"example:\n  {program} export shop --format parquet --out shop-tables",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    exporting.add_argument("bundle", metavar="BUNDLE", help="the bundle's folder")
    exporting.add_argument("--out", required=True, metavar="FOLDER", help="the folder to make")
    exporting.add_argument(
        "--format",
        choices=["parquet", "numpy", "faiss"],
        default="parquet",
        help="default: parquet, which needs pyarrow",
    )
    exporting.set_defaults(run=_export)
    return parser


def _add_import(libraries: Any, name: str, module: str, what: str, program: str) -> None:
    # The modules import their libraries only when they load a model, so this is quick.
    importer = importlib.import_module(f".importers.{module}", __package__)
    parser = libraries.add_parser(
        name,
        help=what,
        description=importer.__doc__,
        epilog="example:\n" + importer.EXAMPLE.replace("python -m sidecart", program),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", metavar="MODEL", help="the file or folder that the library saved")
    parser.add_argument(
        "--out", required=True, metavar="BUNDLE", help="the folder that becomes the bundle"
    )
    parser.add_argument(
        "--replace", action="store_true", help="take the place of a bundle that is there"
    )
    for side in ("user", "item"):
        parser.add_argument(
            f"--{side}-ids",
            metavar="FILE",
            help=f"the {side}s' ids in the order of the model's rows: one a line, or .json or .npy",
        )
    parser.add_argument(
        "--interactions",
        metavar="FILE.npz",
        help="who took what, users x items, as scipy.sparse.save_npz writes a CSR matrix: what shoppers are not recommended again",
    )
    parser.add_argument(
        "--model-version", metavar="NAME", help="the bundle's version; default: the time"
    )
    parser.add_argument(
        "--similar",
        type=int,
        default=50,
        metavar="N",
        help="list up to N items with similar vectors for each item; default: 50",
    )
    parser.add_argument(
        "--half",
        action="store_true",
        help="round vectors to half precision, which takes half the memory where they are served",
    )
    importer.add_arguments(parser)
    parser.set_defaults(run=_import, importer=importer)


def _import(options: argparse.Namespace) -> None:
    from .bundle.files import check_target
    from .importers.core import Given
    from .importers.ids import read_ids
    from .importers.interactions import Interactions

    check_target(options.out, options.replace)
    if options.similar < 0:
        raise ValueError(f"--similar is {options.similar}; it must be 0 or more")
    given = Given(
        user_ids=options.user_ids and read_ids(options.user_ids),
        item_ids=options.item_ids and read_ids(options.item_ids),
        interactions=options.interactions and Interactions.read(options.interactions),
        similar_max=options.similar,
    )
    given.version = options.model_version or given.version
    bundle = options.importer.load(options.model, given, options)
    if options.half:
        bundle = bundle.with_half_vectors()
    bundle.write(options.out, replace=options.replace)
    for note in given.notes:
        print(f"note: {note}", file=sys.stderr)
    vectors = bundle.item_embeddings
    dimensions = "" if vectors is None else f", {vectors.shape[1]} dimensions"
    print(
        f"{options.out}: {bundle.kind} {bundle.version}, {len(bundle.item_ids):,} items,"
        f" {len(bundle.user_ids):,} users{dimensions}"
    )


def _export(options: argparse.Namespace) -> None:
    from .bundle import Bundle
    from .export import export

    for path in export(Bundle.read(options.bundle), options.out, options.format):
        print(path)


if __name__ == "__main__":
    sys.exit(main())
