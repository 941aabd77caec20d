// The board: an anywidget module. Python's half is schedlab/view/widgets/board.py.

import { start } from "../board/start.js";

export default {
  /**
   * @param {{model: import("../board/view_state.js").Model, el: HTMLElement, signal?: AbortSignal}} props
   */
  render({ model, el, signal }) {
    return start(model, el, signal);
  },
};
