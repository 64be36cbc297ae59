// Short names for the generated wire types.

import type { components } from "./schema";

type Schemas = components["schemas"];

export type Session = Schemas["SessionOut"];
export type Role = Schemas["Role"];
export type Permission = Schemas["Permission"];
export type Camera = Schemas["CameraOut"];
export type CameraInput = Schemas["CameraIn"];
export type CameraPatch = Schemas["CameraPatch"];
export type StreamLive = Schemas["StreamLive"];
export type ProbeInput = Schemas["ProbeIn"];
export type ProbeReport = Schemas["ProbeOut"];
export type ProbeStep = Schemas["ProbeStep"];
/** What a camera saw. Named so because `Event` is the browser's. */
export type Happening = Schemas["EventOut"];
export type Rule = Schemas["RuleOut"];
export type PrivacyZone = Schemas["PrivacyZoneOut"];
export type Motion = Schemas["MotionOut"];
export type MotionZone = Schemas["MotionZoneOut"];
export type TimelineRow = Schemas["TimelineCamera"];
export type User = Schemas["UserOut"];
export type UserInput = Schemas["UserIn"];
export type UserMade = Schemas["UserMade"];
export type UserPatch = Schemas["UserPatch"];
export type AuditRow = Schemas["AuditOut"];
export type System = Schemas["SystemOut"];
export type Model = Schemas["ModelOut"];
export type Volume = Schemas["StorageVolumeOut"];
export type VolumeInput = Schemas["VolumeIn"];
export type VolumePatch = Schemas["VolumePatch"];
export type Hold = Schemas["HoldOut"];
export type Erasure = Schemas["ErasureOut"];
export type ErasureInput = Schemas["ErasureIn"];
export type ErasurePlan = Schemas["ErasurePlanOut"];
export type ErasureRange = Schemas["ErasureRangeIn"];
export type HoldInput = Schemas["HoldIn"];
export type RecordingPlan = Schemas["RecordingPlanOut"];
export type RecordingMode = RecordingPlan["mode"];
export type CalendarSpan = Schemas["SpanOut"];
export type RetentionTerm = Schemas["RetentionOut"];
export type Ledger = Schemas["LedgerOut"];
export type LedgerStream = Schemas["LedgerStream"];
export type LedgerSlot = Schemas["LedgerSlot"];
export type LedgerGap = Schemas["LedgerGap"];
export type Evidence = Schemas["EvidenceOut"];
export type StreamSigning = Schemas["StreamSigningOut"];
export type ExportJob = Schemas["ExportOut"];
export type Classified = Schemas["ClassifiedOut"];
export type Changed = Schemas["ChangedOut"];
export type ClassifierCard = Schemas["ClassifierOut"];
export type FileJob = Schemas["FileJobOut"];
export type FileJobChange = Schemas["FileJobChangeIn"];
export type Watchlist = Schemas["WatchlistOut"];
export type WatchlistInput = Schemas["WatchlistIn"];
export type WatchlistEntry = Schemas["EntryOut"];
export type WatchlistEntryInput = Schemas["EntryIn"];
export type ExportInput = Schemas["ExportIn"];
export type StreamRole = "main" | "sub";
/** Normalised 0..1 of the picture, x then y. */
export type Point = [number, number];

export interface Page<T> {
  items: T[];
  total: number;
  next: string | null;
}
export type Person = Schemas["PersonOut"];
export type EnrolInput = Schemas["EnrolIn"];
export type PersonInput = Schemas["PersonIn"];
/** An object as one camera saw it. */
export type SeenObject = Schemas["SeenObjectOut"];
export type SearchQuestion = Schemas["ObjectSearchIn"];
export type SearchPage = Schemas["ObjectSearchOut"];
export type SearchWay = SeenObject["ways"][number];
/** A kept set of the operator's own categories. */
export type KeptSet = Schemas["KeptSetOut"];
export type Models = Schemas["ModelsOut"];
export type SearchWords = Schemas["SearchWordsOut"];
export type Trace = Schemas["TraceOut"];
export type TraceQuestion = Schemas["TraceIn"];
export type Travel = Schemas["TravelOut"];
/** A kept set with how good it is, for the Lab. */
export type CategorySet = Schemas["CategorySetOut"];
export type SetFigures = Schemas["SetFiguresOut"];
export type Lesson = Schemas["LessonOut"];
