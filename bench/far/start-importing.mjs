/** `start-bare.mjs` in a process that has imported the task and with it taskloom: what a flow cannot begin without. */
import './square.mjs';
import './start-bare.mjs';
