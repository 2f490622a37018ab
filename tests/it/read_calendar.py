"""Reads an iCalendar object on standard input with python3-vobject and tells what it says, as JSON: an independent
reader, of other authors, for the objects that the gateway writes. The zone is taken from the object's own VTIMEZONE."""

import io
import json
import sys
from datetime import datetime, timezone

# Where pytz is installed, vobject takes zones from there, and then leaves out no time that EXDATE calls off.
sys.modules["pytz"] = None
import vobject
from dateutil import tz

text = sys.stdin.buffer.read().decode("utf-8")
calendar = vobject.readOne(text)
event = calendar.vevent
# vobject takes the zone of a name that it knows; what is to be tried is the zone that the object itself tells.
zone = tz.tzical(io.StringIO(text)).get() if "BEGIN:VTIMEZONE" in text else timezone.utc


def told(moment):
    if not isinstance(moment, datetime):
        return {"day": moment.isoformat()}
    local = moment.replace(tzinfo=None)
    utc = local.replace(tzinfo=zone).astimezone(timezone.utc)
    return {"local": local.isoformat(), "utc": utc.replace(tzinfo=None).isoformat()}


def single(part):
    """One time of a series that is told by itself."""
    return {"of": told(part.recurrence_id.value), "start": told(part.dtstart.value), "end": told(part.dtend.value)
            if hasattr(part, "dtend") else None, "sequence": int(part.sequence.value)}


start = event.dtstart.value
occurrences = [start]
if hasattr(event, "rrule"):
    occurrences = list(event.getrruleset())
    if not isinstance(start, datetime):
        occurrences = [moment.date() if isinstance(moment, datetime) else moment for moment in occurrences]

value = lambda name: getattr(event, name).value if hasattr(event, name) else None
attendees = event.contents.get("attendee", [])
print(json.dumps({
    "method": calendar.method.value,
    "uid": event.uid.value,
    "sequence": int(event.sequence.value),
    "summary": value("summary"),
    "description": value("description"),
    "location": value("location"),
    "url": value("url"),
    "class": value("class"),
    "end": told(event.dtend.value) if hasattr(event, "dtend") else None,
    "organizer": event.organizer.value,
    "attendees": [[a.value, a.params.get("PARTSTAT", [None])[0], a.params.get("CN", [None])[0]] for a in attendees],
    "occurrences": [told(moment) for moment in occurrences],
    "singles": [single(part) for part in calendar.vevent_list if hasattr(part, "recurrence_id")],
}))
