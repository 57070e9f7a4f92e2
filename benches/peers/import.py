"""The usual way in Python to import the same workbook: openpyxl read-only, SQLAlchemy, SQLite.

Run by `cargo bench -p ums-benches --bench import -- --python`; needs openpyxl and SQLAlchemy. A unique e-mail address, a
unique external id in an organisation, departments made as they are met, 1,000 rows to a flush, one transaction a batch.
"""

import resource
import sys
import time
from pathlib import Path

from openpyxl import load_workbook
from sqlalchemy import ForeignKey, String, UniqueConstraint, create_engine, event, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Organisation(Base):
    __tablename__ = "organisation"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)


class Department(Base):
    __tablename__ = "department"
    __table_args__ = (UniqueConstraint("organisation_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))


class User(Base):
    __tablename__ = "user"
    __table_args__ = (UniqueConstraint("organisation_id", "external_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    external_id: Mapped[str] = mapped_column(String(200))
    full_name: Mapped[str] = mapped_column(String(200), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"), index=True)


def main(folder: Path) -> None:
    path = folder / "peer.sqlite"
    path.unlink(missing_ok=True)
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def durable(connection, _):
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    Base.metadata.create_all(engine)
    start, processor = time.perf_counter(), time.process_time()
    book = load_workbook(folder / "workbook.xlsx", read_only=True)
    rows = 0
    with Session(engine) as session:
        for (name,) in book["organisations"].iter_rows(min_row=2, values_only=True):
            session.add(Organisation(name=name))
        session.commit()
        organisations = dict(session.execute(select(Organisation.name, Organisation.id)).all())
        departments = {}
        batch = []

        def flush():
            addresses = [user["email"] for user in batch]
            there = set(session.scalars(select(User.email).where(User.email.in_(addresses))))
            session.execute(insert(User), [user for user in batch if user["email"] not in there])
            session.commit()
            batch.clear()

        for email, external_id, full_name, department, organisation in book["users"].iter_rows(
            min_row=2, values_only=True
        ):
            organisation_id = organisations[organisation]
            key = (organisation_id, department)
            if key not in departments:
                made = Department(name=department, organisation_id=organisation_id)
                session.add(made)
                session.flush()
                departments[key] = made.id
            batch.append(
                {
                    "email": email.strip().lower(),
                    "external_id": external_id,
                    "full_name": full_name.strip(),
                    "organisation_id": organisation_id,
                    "department_id": departments[key],
                }
            )
            rows += 1
            if len(batch) == 1000:
                flush()
        if batch:
            flush()
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"   python: {rows / seconds:>9.0f} rows/s, {processor:>6.2f} s of processor time, {peak:>4} MiB in all")
    print(f"seconds: {seconds}")


main(Path(sys.argv[1]))
