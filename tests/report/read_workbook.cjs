// Says what a JavaScript library reads in a workbook: by sheet and cell its value, a moment as {"at": …}.
const [library, path] = process.argv.slice(2);

function tell(value) {
  if (value instanceof Date) return { at: value.toISOString().slice(0, 23) };
  return value === undefined || value === "" ? null : value;
}

function unwrap(value) {
  if (value && value.richText) return value.richText.map((run) => run.text).join("");
  if (value && value.hyperlink !== undefined) return value.text;
  if (value && value.formula !== undefined) return value.result;
  return value;
}

async function main() {
  const sheets = {};
  if (library === "exceljs") {
    const { Workbook, ValueType } = require("exceljs");
    const book = new Workbook();
    await book.xlsx.readFile(path);
    book.eachSheet((sheet) => {
      const cells = (sheets[sheet.name] = {});
      sheet.eachRow((row) =>
        row.eachCell((cell) => {
          if (cell.type !== ValueType.Merge) cells[cell.address] = tell(unwrap(cell.value));
        }));
    });
  } else {
    const book = require("xlsx").readFile(path, { cellDates: false, raw: true });
    for (const name of book.SheetNames) {
      const cells = Object.entries(book.Sheets[name]).filter(([address]) => address[0] !== "!");
      sheets[name] = Object.fromEntries(cells.map(([address, cell]) => [address, tell(cell.v)]));
    }
  }
  console.log(JSON.stringify(sheets));
}

main();
