/** Express 4, which has no types of its own: the part that tests use is typed as Express 5 is. */
declare module "express4" {
  export { default } from "express";
}
