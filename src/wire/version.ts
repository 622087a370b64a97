/** The version receivers see in `User-Agent`. Written here so that signing reads no file; a test keeps it equal to package.json. */
export const VERSION = "0.1.0";
