/**
 * A conversation in sd/2 frames: what is the same for every connection that was
 * made by calling, whoever calls. Frames are taken one by one, beats are
 * answered, and a peer that breaks the protocol, or is silent for too long, is
 * left.
 *
 * A session of a role is a conversation that knows more frames. Nothing is
 * allocated for a frame.
 *
 * @module
 */

import type { CalledSession } from "./call.ts";
import type { Clock, Link } from "../base/ports.ts";
import { bytesOf, textOf } from "../base/ascii.ts";
import { Pulse, type PulseOptions } from "../liveness/pulse.ts";
import { type WireErrorKind, wireErrorOf } from "../wire/errors.ts";
import {
  type FrameBounds,
  FrameStatus,
  FrameType,
  newFrameBounds,
  readErrorCode,
  readFrame,
} from "../wire/frame.ts";
import { formatProperties, type Properties } from "../wire/greeting.ts";

/** Patience from which on tenths of a second of silence tell nothing, in ms. */
const LONG_PATIENCE_MS = 10_000;

/** One side of a connection on which frames are exchanged. */
export abstract class Conversation implements CalledSession {
  farewell: string | undefined;
  protected readonly link: Link;
  protected readonly clock: Clock;
  protected readonly pulse: Pulse;
  /** Filled anew for each frame. */
  readonly #frame = newFrameBounds();
  readonly #silenceDigits: number;

  constructor(link: Link, clock: Clock, options: PulseOptions) {
    this.link = link;
    this.clock = clock;
    this.pulse = new Pulse(link, options);
    this.#silenceDigits = options.patienceMsMin < LONG_PATIENCE_MS ? 1 : 0;
  }

  received(bytes: Uint8Array, length: number): number {
    const frame = this.#frame;
    let at = 0;
    while (!this.isShut()) {
      const status = readFrame(bytes, at, length, frame);
      if (status === FrameStatus.partial) return at;
      if (status === FrameStatus.malformed || !this.take(bytes, frame)) {
        this.leave();
        return length;
      }
      at = frame.end;
    }
    return at;
  }

  ended(): void {
    this.link.end();
  }

  drained(): void {}

  closed(): void {}

  /** Closes the connection, after what was written to it. */
  end(): void {
    this.link.end();
  }

  /**
   * Beats when it is time, and leaves a peer that is silent; to be called every
   * `TICK_MS`.
   */
  tick(nowMs: number): void {
    this.beat(nowMs, false);
  }

  /**
   * Beats when it is time, and leaves a peer that is silent.
   *
   * @param isBusy Whether we take no more for now: what the peer says then is
   * not heard, so its silence is none.
   */
  protected beat(nowMs: number, isBusy: boolean): void {
    const { pulse } = this;
    pulse.tick(nowMs, isBusy);
    if (isBusy) pulse.answered(nowMs);
    if (!pulse.isSilent(nowMs)) return;
    const seconds = pulse.silentMs(nowMs) / 1000;
    this.farewell = `it has not answered for ${
      seconds.toFixed(this.#silenceDigits)
    } s`;
    this.link.abort();
  }

  /** Writes who we are; it is not sent yet. */
  protected introduce(role: string, properties: Properties): void {
    this.link.out.append(bytesOf(`${role}${formatProperties(properties)}\n`));
  }

  /** Acts on one frame. @returns False when it breaks the protocol. */
  protected take(bytes: Uint8Array, frame: FrameBounds): boolean {
    switch (frame.type) {
      case FrameType.error: {
        const kind = wireErrorOf(readErrorCode(bytes, frame));
        const reason = textOf(bytes, frame.payload, frame.end);
        this.farewell = `${kind?.word ?? "error"}: ${reason}`;
        this.dismissed(kind, reason);
        return true;
      }
      case FrameType.beat:
      case FrameType.beatEcho:
        return this.pulse.take(bytes, frame, this.clock.nowMs());
      default:
        return true;
    }
  }

  /** Whether no frame is taken for now. */
  protected isShut(): boolean {
    return false;
  }

  /** Leaves a peer that has broken the protocol. */
  protected leave(): void {
    this.farewell = "it sent a malformed frame";
    this.link.abort();
  }

  /** The peer ends the connection, and has said why. */
  protected dismissed(_kind: WireErrorKind | undefined, _reason: string): void {
  }
}
