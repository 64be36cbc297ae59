/**
 * The media engine: live and recorded pictures of one camera in a `<video>` element. TypeScript without a framework;
 * the console builds its tiles around it. Wire format: docs/design/contracts.md, design: docs/design/streaming.md.
 *
 * Live
 *   const player = new LivePlayer(video, { camera, stream: "auto", onState, onStats });
 *   player.start();                      // connects, reconnects for ever with growing pauses
 *   player.setStream("main");            // switches without reconnecting, the old picture stays until the new one is there
 *   player.setAudio(true);               // asks for sound; set video.muted = false yourself (in a user's gesture)
 *   player.state; player.stats;          // the last values given to onState and onStats
 *   player.wallMs;                       // captured_at of the shown picture, UTC milliseconds, or null
 *   player.stop();                       // for good; make a new player to start again
 *
 * Playback: one clock, any number of players that follow it (synchronised cameras share the clock)
 *   const clock = new SyncClock({ onChange });   // onChange(clock): seek, play, pause, speed, or jump over a gap
 *   const player = new PlaybackPlayer(video, { camera, stream: "main", clock, onState, onStats });
 *   player.start();
 *   clock.seek(wallMs); clock.play(); clock.pause(); clock.setSpeed(4);   // 0.25 to 16; above 4 only key frames are sent
 *   clock.nowMs;                         // the wall time that all players show (read it in requestAnimationFrame)
 *   clock.isPlaying; clock.isWaiting; clock.speed;    // isWaiting: holds for a player that has no picture yet
 *   player.step(1); player.step(-1);     // one frame forwards or backwards, pauses the clock
 *   player.snapshot();                   // Promise<Blob>: the shown picture as JPEG (also on LivePlayer)
 *   player.stop(); clock.stop();
 *
 * The engine mutes nothing, styles nothing and adds no elements. It needs `muted` and `playsInline` on the element for
 * automatic playback. All callbacks come asynchronously; none comes after `stop()`.
 */
export type {
  ClockFollower,
  Gap,
  LiveOptions,
  LiveState,
  LiveStateName,
  LiveStats,
  PlaybackOptions,
  PlaybackState,
  PlaybackStateName,
  PlaybackStats,
  StreamChoice,
  StreamRole,
} from "./types";
export { LivePlayer } from "./live-player";
export { PlaybackPlayer } from "./playback-player";
export { SyncClock } from "./sync-clock";
export { canPlayH265, chooseStream } from "./support";
